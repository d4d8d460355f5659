import type { StockMoved } from '@crossdock/connector-sdk';
import { defaultLocationId, type ShopifyConfig } from '../config.js';
import { subjectOfLine } from './line-item.mapping.js';
import { asFields, type Fields, listOf, optionalId, optionalText, optionalTime, requiredId, requiredUnits, UnreadablePayload } from './payload.js';
import { nothing, type Reading, together } from './reading.js';

/** `cancel`: units that never left. `return`: units that came back. `legacy_restock`: put back before Shopify kept the difference. */
const RESTOCKS: ReadonlySet<string> = new Set(['return', 'cancel', 'legacy_restock']);

/**
 * The restocks of one refund, the same whether they are told by refunds/create or by the refunds[] of an order: one key
 * must never stand for two facts. So nothing of the order may decide here that a refund does not carry itself.
 *
 * @param orderLines by id, for a refund that names its lines without repeating them.
 * @throws UnreadablePayload
 */
export function readRefund(refund: Fields, config: ShopifyConfig, orderLines: ReadonlyMap<string, Fields> = new Map()): Reading {
  const refundId = requiredId(refund, 'id');
  const lines = listOf(refund, 'refund_line_items');
  if (lines === undefined) throw new UnreadablePayload('refund_line_items is missing');
  if (isTest(refund)) return nothing('a refund of a test payment');
  if (lines.length === 0) return nothing('a refund of money only');
  const occurredAt = optionalTime(refund, 'processed_at') ?? optionalTime(refund, 'created_at');
  if (occurredAt === undefined) throw new UnreadablePayload('processed_at and created_at are missing');
  return together(lines.map((line) => readRefundLine(line, { refundId, occurredAt, config, orderLines })));
}

interface RefundFacts {
  readonly refundId: string;
  readonly occurredAt: string;
  readonly config: ShopifyConfig;
  readonly orderLines: ReadonlyMap<string, Fields>;
}

function readRefundLine(refundLine: Fields, { refundId, occurredAt, config, orderLines }: RefundFacts): Reading {
  const restockType = optionalText(refundLine, 'restock_type');
  if (restockType === 'no_restock') return nothing('no_restock puts nothing back');
  if (restockType === undefined || !RESTOCKS.has(restockType)) return nothing('a restock type that this connector does not know moves nothing');
  const quantity = requiredUnits(refundLine, 'quantity');
  if (quantity === 0) return nothing('a line of no units');
  const subject = subjectOfLine(refundedLine(refundLine, orderLines), config);
  if (subject.kind === 'leftOut') return nothing(subject.reason);
  const locationId = optionalId(refundLine, 'location_id') ?? defaultLocationId(config);
  const event: StockMoved = {
    kind: 'StockMoved',
    eventId: `refund/${refundId}`,
    line: requiredId(refundLine, 'id'),
    movement: 'return',
    item: subject.item,
    location: { type: 'location', id: locationId },
    quantity,
    occurredAt,
  };
  return { events: [event], leftOut: [] };
}

function refundedLine(refundLine: Fields, orderLines: ReadonlyMap<string, Fields>): Fields {
  const own = refundLine['line_item'];
  if (own !== undefined && own !== null) return asFields(own, 'line_item');
  const line = orderLines.get(requiredId(refundLine, 'line_item_id'));
  if (line === undefined) throw new UnreadablePayload('line_item is missing');
  return line;
}

/** A refund does not say that its order was a test; its payments do, and a test order was never booked as a sale. */
function isTest(refund: Fields): boolean {
  const transactions = listOf(refund, 'transactions') ?? [];
  return transactions.length > 0 && transactions.every((transaction) => transaction['test'] === true);
}
