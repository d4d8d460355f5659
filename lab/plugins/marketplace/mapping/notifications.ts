import type { CanonicalEvent, ParseResult, StockMoved, Delivery } from '@crossdock/connector-sdk';

/** Thrown inside this file only: it makes one delivery `failed` and leaves the others alone. */
class Unreadable extends Error {}

type Json = Readonly<Record<string, unknown>>;

/**
 * One notification to stock movements. The business key of a movement is the order's (or return's) id and line, so that
 * the same fact told twice, under whatever delivery id, is one movement.
 */
export function parseNotification(delivery: Delivery): ParseResult {
  const read = READERS.get(delivery.topic);
  if (!read) return { kind: 'ignored', reason: `the topic ${delivery.topic} moves no stock` };
  try {
    const events = read(object(JSON.parse(delivery.body), 'the body'));
    return events.length > 0 ? { kind: 'events', events } : { kind: 'ignored', reason: 'the message has no lines' };
  } catch (error) {
    if (error instanceof Unreadable || error instanceof SyntaxError) return { kind: 'failed', reason: error.message };
    throw error;
  }
}

const READERS: ReadonlyMap<string, (body: Json) => CanonicalEvent[]> = new Map([
  ['order.created', (body: Json) => {
    const order = object(body['order'], 'order');
    const id = text(order['order_id'], 'order_id');
    const at = time(order['purchased_at'], 'purchased_at');
    return lines(order).map((line) => moved('sale', `order/${id}`, text(line['order_line_id'], 'order_line_id'), line, order['ship_from'], at));
  }],
  // A cancellation tells of units that never left: they come back to where the sale took them from.
  ['order.cancelled', (body: Json) => {
    const order = object(body['order'], 'order');
    const id = text(order['order_id'], 'order_id');
    const at = time(order['cancelled_at'], 'cancelled_at');
    return lines(order).map((line) => moved('return', `order/${id}/cancelled`, text(line['order_line_id'], 'order_line_id'), line, order['ship_from'], at));
  }],
  ['return.received', (body: Json) => {
    const goods = object(body['return'], 'return');
    const id = text(goods['return_id'], 'return_id');
    const at = time(goods['received_at'], 'received_at');
    return lines(goods).map((line) => {
      const event = moved('return', `return/${id}`, text(line['return_line_id'], 'return_line_id'), line, goods['received_by'], at);
      return line['condition'] === 'damaged' ? { ...event, condition: 'damaged' as const } : event;
    });
  }],
]);

function moved(movement: 'sale' | 'return', eventId: string, line: string, source: Json, location: unknown, occurredAt: string): StockMoved {
  const sku = text(source['sku'], 'sku');
  return {
    kind: 'StockMoved',
    eventId,
    line,
    movement,
    item: { type: 'sku', id: sku, sku },
    location: { type: 'warehouse', id: text(location, 'the place') },
    quantity: units(source['quantity']),
    occurredAt,
  };
}

function lines(holder: Json): Json[] {
  const list = holder['lines'];
  if (!Array.isArray(list)) throw new Unreadable('lines is not a list');
  return list.map((line) => object(line, 'a line'));
}

function object(value: unknown, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Unreadable(`${name} is not an object`);
  return value as Json;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw new Unreadable(`${name} is missing`);
  return value;
}

function units(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0) throw new Unreadable('quantity is not a whole number above zero');
  return value;
}

function time(value: unknown, name: string): string {
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) throw new Unreadable(`${name} is not a time`);
  return value;
}
