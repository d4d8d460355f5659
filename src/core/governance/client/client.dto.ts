import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsInt, IsISO8601, IsNumber, IsObject, IsOptional, IsString, Length, Matches, Max, Min, ValidateIf, ValidateNested } from 'class-validator';
import { PageQueryDto } from '../../http/paging/page.dto.js';
import { SCOPES, type CallLimits, type Scope } from '../access.js';
import type { LimitedTo } from '../grants/grants.js';

export const CLIENT_STATES = ['active', 'disabled', 'revoked'] as const;
export type ClientState = (typeof CLIENT_STATES)[number];

const LONGEST_OVERLAP_SECONDS = 30 * 86_400;
const LARGEST_QUOTA = 1_000_000_000_000;

const trimmed = ({ value }: { value: unknown }): unknown => (typeof value === 'string' ? value.trim() : value);
const given = (_object: object, value: unknown): boolean => value !== undefined;
const set = (_object: object, value: unknown): boolean => value !== undefined && value !== null;

/** RFC 3339 with a zone; what else ISO 8601 has (weeks, ordinal days, leap seconds) is a date to some readers only. */
const RFC_3339 = /^[12]\d{3}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

function MomentField(description: string): PropertyDecorator {
  return applyDecorators(ApiProperty({ required: false, format: 'date-time', description }), IsOptional(), Matches(RFC_3339, { message: 'must be a time of RFC 3339, with Z or an offset' }), IsISO8601({ strict: true }));
}

export const LIMITED_TO: ApiPropertyOptions = {
  type: 'object', nullable: true, additionalProperties: { type: 'array', items: { type: 'string' }, maxItems: 1_000 }, example: { channels: ['web'], locations: ['store-1'] },
  description: 'The objects that the client may read and touch: ids by kind (`channels`, `locations`). A kind that is not named gives nothing. Null for everything.',
};

function LimitedToField(): PropertyDecorator {
  return applyDecorators(ApiProperty({ ...LIMITED_TO, required: false } as ApiPropertyOptions), ValidateIf(set), IsObject());
}

export class CallLimitsDto implements CallLimits {
  @ApiProperty({ type: Number, nullable: true, required: false, minimum: 0.01, maximum: 100_000, description: 'Calls a second, in the long run, over all processes of the hub. Null for no limit.' })
  @ValidateIf(set)
  @IsNumber()
  @Min(0.01)
  @Max(100_000)
  ratePerSecond: number | null = null;

  @ApiProperty({ type: Number, nullable: true, required: false, minimum: 1, maximum: 1_000_000, description: 'Calls at once, after a rest. Only with `ratePerSecond`; where it is not given, what a second gives.' })
  @ValidateIf(set)
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  burst: number | null = null;

  @ApiProperty({ type: Number, nullable: true, required: false, minimum: 1, description: 'Calls in a day (UTC).' })
  @ValidateIf(set)
  @IsInt()
  @Min(1)
  @Max(LARGEST_QUOTA)
  perDay: number | null = null;

  @ApiProperty({ type: Number, nullable: true, required: false, minimum: 1, description: 'Calls in a month (UTC).' })
  @ValidateIf(set)
  @IsInt()
  @Min(1)
  @Max(LARGEST_QUOTA)
  perMonth: number | null = null;
}

export class ChangeClientDto {
  @ApiProperty({ required: false, description: 'What people call the client.', minLength: 1, maxLength: 200 })
  @ValidateIf(given)
  @Transform(trimmed)
  @IsString()
  @Length(1, 200)
  name?: string;

  @ApiProperty({ required: false, description: 'What the client may do, from now on, with every key and access token that it has.', enum: SCOPES, isArray: true })
  @ValidateIf(given)
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(SCOPES.length)
  @IsIn(SCOPES, { each: true })
  scopes?: Scope[];

  @ApiProperty({ required: false, type: CallLimitsDto, description: 'All limits anew: what is not named is not limited.' })
  @ValidateIf(given)
  // A list of limits would be taken for limits, since each of its entries is checked as such.
  @IsObject()
  @ValidateNested()
  @Type(() => CallLimitsDto)
  limits?: CallLimitsDto;

  @LimitedToField()
  limitedTo?: LimitedTo | null;
}

export class CreateClientDto {
  @ApiProperty({ description: 'What people call the client.', minLength: 1, maxLength: 200 })
  @Transform(trimmed)
  @IsString()
  @Length(1, 200)
  name!: string;

  @ApiProperty({ description: 'What the client may do.', enum: SCOPES, isArray: true })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(SCOPES.length)
  @IsIn(SCOPES, { each: true })
  scopes!: Scope[];

  @ApiProperty({ required: false, type: CallLimitsDto })
  @ValidateIf(given)
  @IsObject()
  @ValidateNested()
  @Type(() => CallLimitsDto)
  limits?: CallLimitsDto;

  @LimitedToField()
  limitedTo?: LimitedTo | null;

  @MomentField('When the first key ends; without it, when somebody ends it.')
  keyExpiresAt?: string;
}

export class AddKeyDto {
  @ApiProperty({ required: false, description: 'Whose key it is, or where it is used.', minLength: 1, maxLength: 200 })
  @IsOptional()
  @Transform(trimmed)
  @IsString()
  @Length(1, 200)
  name?: string;

  @MomentField('When the key ends; without it, when somebody ends it.')
  expiresAt?: string;
}

export class RotateClientDto extends AddKeyDto {
  @ApiProperty({ description: 'How long the keys before stay good.', required: false, default: 86_400, minimum: 0, maximum: LONGEST_OVERLAP_SECONDS })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(LONGEST_OVERLAP_SECONDS)
  overlapSeconds: number = 86_400;
}

export class ListClientsQuery extends PageQueryDto {
  @ApiProperty({ required: false, enum: CLIENT_STATES })
  @IsOptional()
  @IsIn(CLIENT_STATES)
  state?: ClientState;

  @ApiProperty({ required: false, enum: SCOPES, description: 'Only clients that hold this scope.' })
  @IsOptional()
  @IsIn(SCOPES)
  scope?: Scope;

  @ApiProperty({ required: false, minLength: 1, maxLength: 200, description: 'Only clients whose name has this in it, in whatever case.' })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  name?: string;
}
