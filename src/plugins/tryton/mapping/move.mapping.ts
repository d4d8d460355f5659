import type { ExternalRef, MovementKind, ParseResult, StockMoved } from '@crossdock/connector-sdk';
import { dayIn, msOfMoment } from '../client/values.js';
import type { MoveRecord, MoveSide, OpeningRecord } from './move-record.js';

/** Documents that say what a move is for, whatever zone it passes through first. */
const BY_DOCUMENT: ReadonlyMap<string, { readonly in?: MovementKind; readonly out?: MovementKind }> = new Map<string, { in?: MovementKind; out?: MovementKind }>([
  ['stock.shipment.in', { in: 'receipt' }],
  ['stock.shipment.out', { out: 'sale' }],
  ['stock.shipment.out.return', { in: 'return' }],
]);

/** One delta for each place that the move leads out of or into; one within a place, or between none, tells nothing. */
export function readMove(record: MoveRecord): ParseResult {
  const { id, from, to, quantity } = record;
  if (from.place === to.place) return { kind: 'ignored', reason: 'the move stays within one place, or outside of all' };
  if (quantity === 0) return { kind: 'ignored', reason: 'a move of nothing' };
  if (!isWhole(quantity)) return { kind: 'failed', reason: fractional(`move ${id}`, record) };
  const occurredAt = occurredAtOf(record);
  const delta = (line: 'out' | 'in', place: number, movement: MovementKind): StockMoved => ({
    kind: 'StockMoved', eventId: `move/${id}`, line, movement, item: productRef(record), location: placeRef(place),
    quantity: movement === 'adjustment' && line === 'out' ? -quantity : quantity, occurredAt,
  });
  return {
    kind: 'events',
    events: [
      ...(from.place === null ? [] : [delta('out', from.place, leaving(record, to))]),
      ...(to.place === null ? [] : [delta('in', to.place, arriving(record, from))]),
    ],
  };
}

/** A delta and no observation: moves entered later for an earlier day must not be netted by it. */
export function readOpening(record: OpeningRecord): ParseResult {
  const { product, place, quantity, asOf } = record;
  if (!isWhole(quantity)) return { kind: 'failed', reason: fractional(`the opening stock of product ${product} at location ${place}`, record) };
  const event: StockMoved = {
    kind: 'StockMoved', eventId: `opening/${product}/${place}`, line: '1', movement: 'adjustment', item: productRef(record), location: placeRef(place), quantity, occurredAt: `${asOf.slice(0, 23)}Z`,
  };
  return { kind: 'events', events: [event] };
}

function leaving({ document, to: { place } }: MoveRecord, { type }: MoveSide): MovementKind {
  if (place !== null) return 'adjustment';
  const told = BY_DOCUMENT.get(document ?? '')?.out;
  return told ?? (type === 'customer' ? 'sale' : 'adjustment');
}

function arriving({ document, from: { place } }: MoveRecord, { type }: MoveSide): MovementKind {
  if (place !== null) return 'adjustment';
  const told = BY_DOCUMENT.get(document ?? '')?.in;
  if (told !== undefined) return told;
  return type === 'supplier' ? 'receipt' : type === 'customer' ? 'return' : 'adjustment';
}

/**
 * Tryton knows the day on which a move took effect, and the moment at which it was written down. Where both agree, the moment; for one
 * entered later, the end of its day: it was then at the latest.
 */
function occurredAtOf({ effectiveDate, writtenAt, timeZone }: MoveRecord): string {
  const writtenMs = msOfMoment(writtenAt);
  if (effectiveDate >= dayIn(timeZone, writtenMs)) return `${writtenAt.slice(0, 23)}Z`;
  return new Date(endOfDay(effectiveDate, timeZone)).toISOString();
}

/** The last millisecond of a day in a time zone: zones lie up to fourteen hours from UTC, and clocks change by up to two within a day. */
function endOfDay(day: string, timeZone: string): number {
  let low = Date.parse(`${day}T00:00:00Z`) - 16 * 3_600_000;
  let high = low + 64 * 3_600_000;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (dayIn(timeZone, middle) <= day) low = middle;
    else high = middle;
  }
  return low;
}

function productRef({ product, code }: { readonly product: number; readonly code: string | null }): ExternalRef {
  return { type: 'product', id: String(product), ...(code === null ? {} : { sku: code }) };
}

function placeRef(place: number): ExternalRef {
  return { type: 'location', id: String(place) };
}

function isWhole(quantity: number): boolean {
  return Number.isSafeInteger(quantity);
}

function fractional(what: string, { quantity, unit }: { readonly quantity: number; readonly unit: string }): string {
  return `${what} is of ${quantity} ${unit}: the hub counts whole units of the product's own unit`;
}
