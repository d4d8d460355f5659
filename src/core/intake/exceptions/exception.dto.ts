import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { ListOrders, SortField } from '../../http/paging/list-orders.js';
import { PageAnswerOf, PageQueryDto } from '../../http/paging/page.dto.js';

export const EXCEPTION_STATES = ['open', 'resolved', 'discarded'] as const;
export type ExceptionState = (typeof EXCEPTION_STATES)[number];

/** Ids are given in the order in which causes are first seen. */
export const EXCEPTION_ORDERS = new ListOrders('exceptions', ['bigint'], ['firstAt', '-firstAt']);

export class ListExceptionsQuery extends PageQueryDto {
  @ApiProperty({ required: false, enum: EXCEPTION_STATES, default: 'open' })
  @IsOptional()
  @IsIn(EXCEPTION_STATES)
  state: ExceptionState = 'open';

  @ApiProperty({ required: false, description: 'Only this class, for example `UNMAPPED_ITEM`.' })
  @IsOptional()
  @Matches(/^[A-Z][A-Z_]{0,63}$/)
  class?: string;

  @ApiProperty({ required: false, description: 'Only this connection, by its id.' })
  @IsOptional()
  @Matches(/^[a-z0-9][a-z0-9-]{0,62}$/)
  connection?: string;

  @SortField(EXCEPTION_ORDERS)
  sort?: string;
}

export class ExceptionAnswer {
  @ApiProperty({ example: '17' })
  id!: string;

  @ApiProperty({ description: '`UNMAPPED_ITEM`, `UNMAPPED_LOCATION` (no cross-reference), `UNREADABLE` (the delivery makes no sense), or a code of docs/errors.md.', example: 'UNMAPPED_ITEM' })
  class!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Id of the connection; null where it is gone.' })
  connection!: string | null;

  @ApiProperty({ description: 'What it is about, the same for every occurrence.', example: 'variant 4711' })
  cause!: string;

  @ApiProperty({ description: 'The same in a sentence.' })
  detail!: string;

  @ApiProperty({ enum: EXCEPTION_STATES })
  state!: ExceptionState;

  @ApiProperty({ description: 'Whether the hub tries again by itself when what is missing appears; the others wait for a person.' })
  automatic!: boolean;

  @ApiProperty({ description: 'How often it was seen.' })
  seen!: number;

  @ApiProperty({ description: 'How many events or deliveries it holds back now.' })
  held!: number;

  @ApiProperty({ type: String, format: 'date-time' })
  firstAt!: Date;

  @ApiProperty({ type: String, format: 'date-time' })
  lastAt!: Date;
}

export class HeldElsewhereAnswer {
  @ApiProperty({ description: 'Id of the connection.' })
  connection!: string;

  @ApiProperty({ enum: ['postings'], description: 'Movements on their way into the books of the connection.' })
  what!: 'postings';

  @ApiProperty()
  held!: number;

  @ApiProperty({ description: 'Where they are listed, retried and discarded.' })
  path!: string;
}

export class ExceptionPageAnswer extends PageAnswerOf(ExceptionAnswer) {
  @ApiProperty({ description: 'Exceptions in the asked state (and connection), by class.', type: 'object', additionalProperties: { type: 'integer' }, example: { UNMAPPED_ITEM: 3 } })
  counts!: Record<string, number>;

  @ApiProperty({ type: [HeldElsewhereAnswer], description: 'What else is held back, by connection; empty where nothing is.' })
  elsewhere!: readonly HeldElsewhereAnswer[];
}

export class HeldAnswer {
  @ApiProperty({ description: 'The delivery that it came with.' })
  delivery!: string;

  @ApiProperty({ type: 'object', nullable: true, additionalProperties: true, description: 'The canonical event; null where a whole delivery is held.' })
  event!: Record<string, unknown> | null;

  @ApiProperty()
  correlationId!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  heldAt!: Date;
}

export class ExceptionDetailAnswer extends ExceptionAnswer {
  @ApiProperty({ type: [HeldAnswer], description: 'The oldest 20 of what it holds.' })
  examples!: readonly HeldAnswer[];
}

export class RetryAnswer {
  @ApiProperty({ description: 'Deliveries that are read again.' })
  deliveries!: number;

  @ApiProperty({ description: 'Events that are tried again.' })
  events!: number;
}

export class DiscardAnswer {
  @ApiProperty({ description: 'Events and deliveries that are held back no more and will not be applied.' })
  discarded!: number;
}
