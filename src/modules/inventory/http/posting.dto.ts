import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, Length, Matches } from 'class-validator';
import { PageAnswerOf, PageQueryDto } from '../../../core/http/paging/page.dto.js';
import { HELD_CLASSES, type HeldClass } from '../posting/held-postings.js';

const POSTING_STATES = ['off', 'running', 'paused'] as const;
type PostingState = (typeof POSTING_STATES)[number];

const POSITION = /^(now|beginning|\d{1,15}\.\d{1,15}\.-?\d{1,9})$/;
const CLASS = {
  enum: HELD_CLASSES,
  description: '`UNMAPPED_ITEM`: no cross-reference for the item; goes on by itself once there is. `DELAYED`: the system asked to come back, or nobody knows; tried again by itself. `REJECTED`: the system refuses it; waits for a person.',
};

export class SwitchPostingOnDto {
  @ApiProperty({ description: '`now`: what is recorded from this moment on. `beginning`: the whole ledger. A position of `GET /api/v1/ledger`: what comes after it.', example: 'now' })
  @Matches(POSITION, { message: "must be 'now', 'beginning' or a position of the ledger" })
  from!: string;

  @ApiProperty({ required: false, default: false, description: 'Moves posting that is switched on already. Back is harmless: what was written is known by its key. Forward leaves out what lies between.' })
  @IsOptional()
  @IsBoolean()
  restart: boolean = false;
}

export class HeldQuery extends PageQueryDto {
  @ApiProperty({ required: false, ...CLASS })
  @IsOptional()
  @IsIn(HELD_CLASSES)
  class?: HeldClass;

  @ApiProperty({ required: false, description: 'Only this cause, as `causes` names it.' })
  @IsOptional()
  @Length(1, 500)
  cause?: string;
}

export class DecideManyDto {
  @ApiProperty(CLASS)
  @IsIn(HELD_CLASSES)
  class!: HeldClass;

  @ApiPropertyOptional({ description: 'Only this cause; without it the whole class.' })
  @IsOptional()
  @Length(1, 500)
  cause?: string;

  @ApiProperty({ required: false, default: false, description: 'Only counts.' })
  @IsOptional()
  @IsBoolean()
  dryRun: boolean = false;
}

export class DecidedAnswer {
  @ApiProperty({ description: 'How many held movements it was (or, as a dry run, would be).' })
  matched!: number;

  @ApiProperty()
  dryRun!: boolean;
}

class HeldCountsAnswer {
  @ApiProperty()
  UNMAPPED_ITEM!: number;

  @ApiProperty()
  REJECTED!: number;

  @ApiProperty()
  DELAYED!: number;
}

export class HeldCauseAnswer {
  @ApiProperty(CLASS)
  class!: HeldClass;

  @ApiProperty({ description: 'The item that is not mapped, or the code that the system refused with.', example: 'unknown-product' })
  cause!: string;

  @ApiProperty({ description: 'One of the reasons, in a sentence.' })
  detail!: string;

  @ApiProperty({ description: 'Whether the hub tries again by itself.' })
  automatic!: boolean;

  @ApiProperty()
  held!: number;

  @ApiProperty({ type: String, format: 'date-time' })
  oldestAt!: Date;
}

class HeldMovementAnswer {
  @ApiProperty({ description: 'Its position in the ledger.' })
  position!: string;

  @ApiProperty({ example: 'sale' })
  kind!: string;

  @ApiProperty()
  item!: string;

  @ApiProperty()
  quantity!: number;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  from!: object;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  to!: object;

  @ApiProperty({ type: String, format: 'date-time' })
  occurredAt!: string;

  @ApiProperty()
  correlationId!: string;
}

export class HeldPostingAnswer {
  @ApiProperty({ example: '17' })
  id!: string;

  @ApiProperty(CLASS)
  class!: HeldClass;

  @ApiProperty()
  cause!: string;

  @ApiProperty()
  detail!: string;

  @ApiProperty()
  automatic!: boolean;

  @ApiProperty({ description: 'How often it was tried again.' })
  attempts!: number;

  @ApiProperty({ type: String, format: 'date-time' })
  heldAt!: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  nextTryAt!: Date | null;

  @ApiProperty({ type: HeldMovementAnswer })
  movement!: HeldMovementAnswer;
}

export class HeldPageAnswer extends PageAnswerOf(HeldPostingAnswer) {
  @ApiProperty({ type: [HeldCauseAnswer], description: 'Every cause of this connection, the largest first, at most 100.' })
  causes!: readonly HeldCauseAnswer[];
}

class PostedAnswer {
  @ApiProperty({ description: 'Written.' })
  applied!: number;

  @ApiProperty({ description: 'Found to be written by an earlier try.' })
  duplicate!: number;

  @ApiProperty({ description: 'Nothing to write: both sides are one place there.' })
  unchanged!: number;

  @ApiProperty({ description: 'Given up by a person: the books differ from the ledger by these.' })
  discarded!: number;
}

class BehindAnswer {
  @ApiProperty({ description: 'Entries of the ledger that are not settled, whether or not they concern this connection; at most 10,000 are counted.' })
  entries!: number;

  @ApiProperty({ description: 'Whether there are more than were counted.' })
  atLeast!: boolean;

  @ApiProperty({ description: 'Age of the oldest of them.' })
  oldestSeconds!: number;
}

class TroubleAnswer {
  @ApiProperty()
  detail!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  since!: Date;

  @ApiProperty({ description: 'Failures one after the other.' })
  failures!: number;

  @ApiProperty({ type: String, format: 'date-time' })
  nextTryAt!: Date;
}

export class PostingAnswer {
  @ApiProperty({ enum: POSTING_STATES, description: 'A connection that is switched off keeps its state and writes nothing.' })
  state!: PostingState;

  @ApiPropertyOptional({ description: '`now`, `beginning` or a position.' })
  startedFrom?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time' })
  startedAt?: Date;

  @ApiPropertyOptional({ description: 'Everything in the ledger up to here is written, held, or none of this connection\'s business.' })
  position?: string;

  @ApiPropertyOptional({ type: BehindAnswer })
  behind?: BehindAnswer;

  @ApiPropertyOptional({ type: PostedAnswer })
  posted?: PostedAnswer;

  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true })
  lastPostedAt?: Date | null;

  @ApiPropertyOptional({ type: HeldCountsAnswer, description: 'Movements that are held, by class.' })
  held?: HeldCountsAnswer;

  @ApiPropertyOptional({ type: [HeldCauseAnswer], description: 'The five causes that hold the most.' })
  examples?: readonly HeldCauseAnswer[];

  @ApiPropertyOptional({ type: TroubleAnswer, nullable: true, description: 'What stands in the way of all of it; null while all is well.' })
  trouble?: TroubleAnswer | null;
}

export class PostingOfConnectionAnswer extends OmitType(PostingAnswer, ['examples']) {
  @ApiProperty({ example: 'erp', description: 'Id of the connection.' })
  connection!: string;

  @ApiProperty({ description: 'Whether the connection is switched on.' })
  enabled!: boolean;
}

export class PostingPageAnswer extends PageAnswerOf(PostingOfConnectionAnswer) {}

export class ListPostingsQuery extends PageQueryDto {
  @ApiProperty({ required: false, enum: POSTING_STATES })
  @IsOptional()
  @IsIn(POSTING_STATES)
  state?: PostingState;
}
