import type { CanonicalEvent, ExternalRef, MovementKind, ParseResult, Delivery } from '@crossdock/connector-sdk';

/** Thrown inside this file only: it makes one delivery `failed` and leaves the others alone. */
class Unreadable extends Error {}

type Json = Readonly<Record<string, unknown>>;

const MOVEMENTS: ReadonlyMap<string, MovementKind> = new Map([
  ['sales', 'sale'],
  ['returns', 'return'],
  ['receipts', 'receipt'],
  ['adjustments', 'adjustment'],
]);

/**
 * One posting of a till to canonical events. A receipt's number is unique over all stores and tills, and a posting that
 * comes late or again carries the same one: receipt and position are the business key.
 */
export function parsePosting(delivery: Delivery): ParseResult {
  const movement = MOVEMENTS.get(delivery.topic);
  if (movement === undefined && delivery.topic !== 'counts') return { kind: 'ignored', reason: `the topic ${delivery.topic} is no posting` };
  try {
    const posting = object(JSON.parse(delivery.body), 'the body');
    const receipt = text(posting['receipt'], 'receipt');
    const location: ExternalRef = { type: 'store', id: text(posting['store'], 'store') };
    const at = time(posting['at']);
    const positions = list(posting['positions']);
    if (positions.length === 0) return { kind: 'ignored', reason: 'the posting has no positions' };
    return { kind: 'events', events: positions.map((position) => movement ? moved(movement, receipt, position, location, at) : counted(receipt, position, location, at)) };
  } catch (error) {
    if (error instanceof Unreadable || error instanceof SyntaxError) return { kind: 'failed', reason: error.message };
    throw error;
  }
}

function moved(movement: MovementKind, receipt: string, position: Json, location: ExternalRef, at: string): CanonicalEvent {
  const quantity = whole(position['quantity'], 'quantity', movement === 'adjustment' ? Number.MIN_SAFE_INTEGER : 1);
  if (quantity === 0) throw new Unreadable('an adjustment by nothing');
  return { kind: 'StockMoved', eventId: `${movement}/${receipt}`, line: lineOf(position), movement, item: itemOf(position), location, quantity, occurredAt: at };
}

/** Each position is an event of its own: an observation has no line. */
function counted(receipt: string, position: Json, location: ExternalRef, at: string): CanonicalEvent {
  const quantity = whole(position['quantity'], 'quantity', 0);
  return { kind: 'StockObserved', eventId: `count/${receipt}/${lineOf(position)}`, item: itemOf(position), location, quantity, asOf: at, basis: 'onHand' };
}

function lineOf(position: Json): string {
  return String(whole(position['position'], 'position', 1));
}

function itemOf(position: Json): ExternalRef {
  const sku = text(position['sku'], 'sku');
  return { type: 'sku', id: sku, sku };
}

function list(value: unknown): Json[] {
  if (!Array.isArray(value)) throw new Unreadable('positions is not a list');
  return value.map((entry) => object(entry, 'a position'));
}

function object(value: unknown, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Unreadable(`${name} is not an object`);
  return value as Json;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw new Unreadable(`${name} is missing`);
  return value;
}

function whole(value: unknown, name: string, atLeast: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < atLeast) throw new Unreadable(`${name} is not a whole number in range`);
  return value;
}

function time(value: unknown): string {
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) throw new Unreadable('at is not a time');
  return value;
}
