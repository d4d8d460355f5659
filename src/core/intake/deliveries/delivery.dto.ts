import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, Length, Matches } from 'class-validator';
import { ListOrders, SortField } from '../../http/paging/list-orders.js';
import { PageAnswerOf, PageQueryDto } from '../../http/paging/page.dto.js';

export const DELIVERY_STATES = ['pending', 'done', 'ignored', 'parked', 'failed', 'discarded'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Ids are given in the order in which deliveries are received. */
export const DELIVERY_ORDERS = new ListOrders('deliveries', ['bigint'], ['-receivedAt', 'receivedAt']);

export class ListDeliveriesQuery extends PageQueryDto {
  @ApiProperty({ required: false, enum: DELIVERY_STATES })
  @IsOptional()
  @IsIn(DELIVERY_STATES)
  state?: DeliveryState;

  @ApiProperty({ required: false, description: 'Only this connection, by its id.' })
  @IsOptional()
  @Matches(/^[a-z0-9][a-z0-9-]{0,62}$/)
  connection?: string;

  @ApiProperty({ required: false, description: 'Only this delivery, by the id that its sender gave it, or `feed:<feed>:<record id>`. Needs `connection`.' })
  @IsOptional()
  @Length(1, 300)
  senderKey?: string;

  @ApiProperty({ required: false, example: 'stock-moves', description: 'Only what this feed brought. Needs `connection`.' })
  @IsOptional()
  @Matches(/^[a-z][a-z0-9-]{0,62}$/)
  feed?: string;

  @ApiProperty({ required: false, example: 'orders/create', description: 'Only this topic. Needs `connection`.' })
  @IsOptional()
  @Length(1, 200)
  topic?: string;

  @SortField(DELIVERY_ORDERS)
  sort?: string;
}

export class DeliveryAnswer {
  @ApiProperty({ example: '4711' })
  id!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Id of the connection; null where it is gone.' })
  connection!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The feed that was polled for it; null where a webhook brought it.' })
  feed!: string | null;

  @ApiProperty({ description: 'The id that its sender gave it, or one derived from topic and body; `feed:<feed>:<record id>` where it was polled.' })
  senderKey!: string;

  @ApiProperty({ example: 'orders/create' })
  topic!: string;

  @ApiProperty({ enum: DELIVERY_STATES, description: '`pending` waits or is tried again; `parked` waits for a cross-reference, item or location; `failed` waits for a person.' })
  state!: DeliveryState;

  @ApiProperty({ description: 'Movements and observations that it changed the ledger by.' })
  applied!: number;

  @ApiProperty({ description: 'Facts in it that the ledger knew already.' })
  repeated!: number;

  @ApiProperty({ description: 'How often it has failed by itself while pending.' })
  attempts!: number;

  @ApiProperty({ type: String, nullable: true, description: 'Why it was ignored, failed, or is tried again.' })
  reason!: string | null;

  @ApiProperty({ description: 'Size of the body in bytes.' })
  bytes!: number;

  @ApiProperty()
  correlationId!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  receivedAt!: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt!: Date | null;
}

export class DeliveryPageAnswer extends PageAnswerOf(DeliveryAnswer) {}

export class PayloadAnswer {
  @ApiProperty({ enum: ['utf-8', 'base64'], description: 'base64 where the bytes are no UTF-8.' })
  encoding!: 'utf-8' | 'base64';

  @ApiProperty({ description: 'The body as received, its first 64 KB.' })
  content!: string;

  @ApiProperty({ description: 'Whether the body is longer than what is shown.' })
  truncated!: boolean;
}

export class DeliveryDetailAnswer extends DeliveryAnswer {
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, description: 'The headers that are kept; never the signature.' })
  headers!: Readonly<Record<string, string>>;

  @ApiProperty({ type: PayloadAnswer })
  payload!: PayloadAnswer;

  @ApiProperty({ type: [String], description: 'Ids of the exceptions that hold something of it.' })
  exceptions!: readonly string[];
}
