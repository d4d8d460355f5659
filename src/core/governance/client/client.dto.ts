import { ApiProperty } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { SCOPES, type Scope } from '../access.js';

const LONGEST_OVERLAP_SECONDS = 30 * 86_400;

export class CreateClientDto {
  @ApiProperty({ description: 'What people call the client.', minLength: 1, maxLength: 200 })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @IsString()
  @Length(1, 200)
  name!: string;

  @ApiProperty({ description: 'What the client may do.', enum: SCOPES, isArray: true })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(SCOPES.length)
  @IsIn(SCOPES, { each: true })
  scopes!: Scope[];
}

export class RotateClientDto {
  @ApiProperty({ description: 'How long the keys before stay good.', required: false, default: 86_400, minimum: 0, maximum: LONGEST_OVERLAP_SECONDS })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(LONGEST_OVERLAP_SECONDS)
  overlapSeconds: number = 86_400;
}

export class ListClientsQuery {
  @ApiProperty({ required: false, default: 50, minimum: 1, maximum: 500 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 50;

  @ApiProperty({ required: false, description: 'The `next` of the page before.' })
  @IsOptional()
  @Matches(/^\d{1,9}$/)
  after: string = '0';
}
