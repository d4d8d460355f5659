import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsISO8601, IsOptional, IsString, Length, Matches, Max, Min, ValidateIf } from 'class-validator';
import { SortField } from '../http/paging/list-orders.js';
import { PageAnswerOf, PageQueryDto } from '../http/paging/page.dto.js';
import { AUDIT_ORDERS, type AuditActor, type AuditEntry } from './audit.js';

const MOMENT = /^[12]\d{3}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

export class ListAuditQuery extends PageQueryDto {
  @ApiProperty({ required: false, maxLength: 254, description: 'A user\'s e-mail address or a client\'s id, as it stands in the entries.' })
  @IsOptional()
  @IsString()
  @Length(1, 254)
  actor?: string;

  @ApiProperty({ required: false, maxLength: 300, example: 'POST /admin/v1/clients' })
  @IsOptional()
  @IsString()
  @Length(1, 300)
  action?: string;

  @ApiProperty({ required: false, maxLength: 1_024, description: 'The path that was called.' })
  @IsOptional()
  @IsString()
  @Length(1, 1_024)
  object?: string;

  @ApiProperty({ required: false, format: 'date-time' })
  @IsOptional()
  @Matches(MOMENT)
  @IsISO8601({ strict: true })
  from?: string;

  @ApiProperty({ required: false, format: 'date-time', description: 'Up to, and without.' })
  @IsOptional()
  @Matches(MOMENT)
  @IsISO8601({ strict: true })
  to?: string;

  @SortField(AUDIT_ORDERS)
  sort?: string;
}

export class VerifyAuditDto {
  @ApiProperty({ required: false, minimum: 1, description: 'With `hash`: a place in the chain that was kept outside.' })
  @ValidateIf((body: VerifyAuditDto) => body.seq !== undefined || body.hash !== undefined)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  seq?: number;

  @ApiProperty({ required: false, pattern: '^[0-9a-f]{64}$' })
  @ValidateIf((body: VerifyAuditDto) => body.seq !== undefined || body.hash !== undefined)
  @Matches(/^[0-9a-f]{64}$/)
  hash?: string;
}

export class AuditActorAnswer implements AuditActor {
  @ApiProperty({ enum: ['user', 'client', 'nobody'] })
  kind!: AuditActor['kind'];

  @ApiProperty()
  name!: string;

  @ApiProperty({ type: String, nullable: true })
  id!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The role that the user had then.' })
  role!: string | null;
}

export class AuditEntryAnswer implements AuditEntry {
  @ApiProperty()
  seq!: number;

  @ApiProperty({ format: 'date-time', description: 'By the database\'s clock' })
  at!: string;

  @ApiProperty({ type: AuditActorAnswer })
  actor!: AuditActorAnswer;

  @ApiProperty()
  address!: string;

  @ApiProperty({ type: String, nullable: true })
  userAgent!: string | null;

  @ApiProperty({ example: 'POST /admin/v1/clients/:id/rotate' })
  action!: string;

  @ApiProperty()
  object!: string;

  @ApiProperty({
    description: 'The body that was sent, without what is secret in it: an object as a rule, null for none. A file or what is too large is told by its size, in a text; who was refused may have sent anything.',
    anyOf: [{ type: 'object', additionalProperties: true }, { type: 'array', items: {} }, { type: 'string' }, { type: 'number' }, { type: 'boolean' }, { type: 'null' as never }],
  })
  change!: unknown;

  @ApiProperty({ type: Number, nullable: true, description: 'What was answered. Null: the process was killed before it answered, so it may have been done or not; `change` then has no more than the names of the fields.' })
  status!: number | null;

  @ApiProperty()
  correlationId!: string;

  @ApiProperty({ description: 'SHA-256 over the hash before it and this entry' })
  hash!: string;
}

export class AuditPageAnswer extends PageAnswerOf(AuditEntryAnswer) {}

export class AnchorAnswer {
  @ApiProperty()
  seq!: number;

  @ApiProperty()
  hash!: string;
}

export class AuditFaultAnswer {
  @ApiProperty()
  seq!: number;

  @ApiProperty()
  detail!: string;
}

export class VerdictAnswer {
  @ApiProperty()
  intact!: boolean;

  @ApiProperty()
  entries!: number;

  @ApiProperty({ type: AuditFaultAnswer, nullable: true })
  fault!: AuditFaultAnswer | null;

  @ApiProperty({ type: AnchorAnswer, description: 'Keep it outside, and give it with a later check.' })
  head!: AnchorAnswer;
}
