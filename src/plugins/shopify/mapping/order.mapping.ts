import type { StockMoved } from '@crossdock/connector-sdk';
import { defaultLocationId, type ShopifyConfig } from '../config.js';
import { subjectOfLine } from './line-item.mapping.js';
import { type Fields, listOf, optionalId, optionalTime, requiredId, requiredUnits, UnreadablePayload } from './payload.js';
import { nothing, type Reading, together } from './reading.js';
import { readRefund } from './refund.mapping.js';

/**
 * The sales of an order and the restocks of its refunds, whichever topic carries it. orders/cancelled tells the sales
 * again under the same keys: they were booked already, or a lost orders/create is healed.
 *
 * @throws UnreadablePayload
 */
export function readOrder(order: Fields, config: ShopifyConfig): Reading {
  if (order['test'] === true) return nothing('a test order');
  const orderId = requiredId(order, 'id');
  const lines = listOf(order, 'line_items');
  if (lines === undefined) throw new UnreadablePayload('line_items is missing');
  // processed_at is when the goods were sold; created_at is when Shopify heard of it, which for a till that was
  // offline or an imported order can be much later, and would slip the sale past a count that had it already.
  const occurredAt = optionalTime(order, 'processed_at') ?? optionalTime(order, 'created_at');
  if (occurredAt === undefined) throw new UnreadablePayload('processed_at and created_at are missing');
  const sale = { orderId, occurredAt, locationId: optionalId(order, 'location_id') ?? defaultLocationId(config), config };
  const sales = lines.map((line) => readSale(line, sale));
  const linesById = new Map(lines.map((line) => [requiredId(line, 'id'), line]));
  const refunds = listOf(order, 'refunds') ?? [];
  return together([...sales, ...refunds.map((refund) => readRefund(refund, config, linesById))]);
}

interface SaleFacts {
  readonly orderId: string;
  readonly occurredAt: string;
  readonly locationId: string;
  readonly config: ShopifyConfig;
}

function readSale(line: Fields, { orderId, occurredAt, locationId, config }: SaleFacts): Reading {
  // `quantity` is what was ordered and never changes; `current_quantity` shrinks with refunds, which are told as restocks.
  const quantity = requiredUnits(line, 'quantity');
  if (quantity === 0) return nothing('a line of no units');
  const subject = subjectOfLine(line, config);
  if (subject.kind === 'leftOut') return nothing(subject.reason);
  const event: StockMoved = {
    kind: 'StockMoved',
    eventId: `order/${orderId}`,
    line: requiredId(line, 'id'),
    movement: 'sale',
    item: subject.item,
    location: { type: 'location', id: locationId },
    quantity,
    occurredAt,
  };
  return { events: [event], leftOut: [] };
}
