import type { ExternalRef, StockMoved } from '@crossdock/connector-sdk';
import { additionsOf, type LineChange } from './additions.js';
import { type Fields, idOf, isRecord, recordsOf, skuOf, timeOf, unitsOf, UnreadableRecord, wholeOf } from './fields.js';

export type OrderReading = { readonly kind: 'facts'; readonly facts: readonly StockMoved[] } | { readonly kind: 'nothing'; readonly reason: string };

interface Line {
  readonly id: string;
  readonly item: ExternalRef;
  readonly placed: number;
  readonly quantity: number;
}

interface Change {
  readonly kind: 'cancelled' | 'modified';
  readonly id: string;
  readonly at: string;
  readonly lines: readonly { readonly line: string; readonly quantity: number }[];
}

/**
 * Every movement of stock that an order came to so far: what was sold when it was placed, what each modification added,
 * what each cancellation gave back. Its keys stay the same however often and in whatever state the order is read.
 *
 * @throws UnreadableRecord where the order does not add up
 */
export function readOrder(record: Fields, locationId: string): OrderReading {
  // With several vendors, the aggregate order carries every line; those of the vendors repeat them.
  if (record['type'] === 'Seller') return { kind: 'nothing', reason: 'the order of one vendor repeats lines of an aggregate order' };
  if (record['whole'] !== true) throw new UnreadableRecord('the order was changed too often to be read');
  const order = idOf(record['order'], 'the order');
  const placedAt = timeOf(record['placedAt'], 'placedAt');
  const lines = recordsOf(record['lines']).map(readLine);
  const changes = recordsOf(record['changes']).map(readChange);
  const book = { location: { type: 'location', id: locationId }, lines: new Map(lines.map((line) => [line.id, line])) };
  const facts = [
    ...lines.flatMap((line) => fact(book, { movement: 'sale', eventId: `order/${order}`, line: line.id, quantity: line.placed, occurredAt: placedAt })),
    ...lines.flatMap((line) => additions(book, line, changes)),
    ...changes.flatMap((change) => (change.kind === 'cancelled' ? returns(book, change) : [])),
  ];
  return facts.length > 0 ? { kind: 'facts', facts } : { kind: 'nothing', reason: 'an order without units' };
}

interface Book {
  readonly location: ExternalRef;
  readonly lines: ReadonlyMap<string, Line>;
}

function additions(book: Book, line: Line, changes: readonly Change[]): StockMoved[] {
  const ofLine = changes.flatMap(({ kind, id, lines }) =>
    lines.filter((one) => one.line === line.id).map(({ quantity }): LineChange => (kind === 'cancelled' ? { kind, units: quantity } : { kind, id, noted: quantity })));
  const times = new Map(changes.map(({ id, at, kind }) => [`${kind}/${id}`, at]));
  return [...additionsOf(line.placed, line.quantity, ofLine)].flatMap(([id, quantity]) =>
    fact(book, { movement: 'sale', eventId: `modification/${id}`, line: line.id, quantity, occurredAt: times.get(`modified/${id}`) ?? '' }));
}

/** Shipped or not, the shop puts cancelled units back on sale. One line may stand in a cancellation twice. */
function returns(book: Book, { id, at, lines }: Change): StockMoved[] {
  const units = new Map<string, number>();
  for (const { line, quantity } of lines) units.set(line, (units.get(line) ?? 0) + quantity);
  return [...units].flatMap(([line, quantity]) => fact(book, { movement: 'return', eventId: `cancellation/${id}`, line, quantity, occurredAt: at }));
}

function fact({ location, lines }: Book, told: Pick<StockMoved, 'movement' | 'eventId' | 'line' | 'quantity' | 'occurredAt'>): StockMoved[] {
  const line = lines.get(told.line);
  if (line === undefined) throw new UnreadableRecord('a change names a line that the order does not have');
  return told.quantity === 0 ? [] : [{ kind: 'StockMoved', item: line.item, location, ...told }];
}

function readLine(line: Fields): Line {
  const sku = skuOf(line['sku']);
  return {
    id: idOf(line['id'], 'a line'),
    item: { type: 'variant', id: idOf(line['variant'], 'a line\'s variant'), ...(sku === undefined ? {} : { sku }) },
    placed: unitsOf(line['placed'], 'the placed quantity of a line'),
    quantity: unitsOf(line['quantity'], 'the quantity of a line'),
  };
}

function readChange(change: Fields): Change {
  const { kind } = change;
  if (kind !== 'cancelled' && kind !== 'modified') throw new UnreadableRecord('a change is of no known kind');
  return {
    kind,
    id: idOf(change['id'], 'a change'),
    at: timeOf(change['at'], 'the time of a change'),
    lines: recordsOf(change['lines']).filter(isRecord).map((line) => ({
      line: idOf(line['line'], 'the line of a change'),
      quantity: kind === 'cancelled' ? unitsOf(line['quantity'], 'a cancelled quantity') : wholeOf(line['quantity'], 'a modified quantity'),
    })),
  };
}
