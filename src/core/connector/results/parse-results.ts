import type { CanonicalEvent, ExternalRef, MovementKind, ParseResult, StockCondition } from '@crossdock/connector-sdk';
import { readOneEach } from './one-each.js';
import { fieldsOf, integerField, Malformed, oneOfField, proseField, textField, timeField, type Fields } from './read-fields.js';

const MOST_EVENTS = 5_000;
const MOST_ID_CHARS = 255;
const MOST_QUANTITY = 1_000_000_000;
const MOVEMENTS: readonly MovementKind[] = ['sale', 'receipt', 'return', 'adjustment', 'damage'];
const CONDITIONS: readonly StockCondition[] = ['sellable', 'damaged', 'quality_control', 'in_transit'];

/**
 * Judges a plugin's answer to `parseDeliveries`. An entry that is malformed fails alone, as its delivery would.
 * @throws HubError PLUGIN_FAILED when there is not exactly one entry a delivery.
 */
export function readParseResults(plugin: string, value: unknown, count: number): ParseResult[] {
  return readOneEach<ParseResult>(plugin, value, count, readParseResult, (reason) => ({ kind: 'failed', reason }));
}

function readParseResult(entry: unknown): ParseResult {
  const fields = fieldsOf(entry, 'an entry');
  const kind = oneOfField(fields, 'kind', ['events', 'ignored', 'failed']);
  if (kind !== 'events') return { kind, reason: proseField(fields, 'reason') || 'The connector gave no reason.' };
  const { events } = fields;
  if (!Array.isArray(events) || events.length > MOST_EVENTS) throw new Malformed(`'events' is no list of at most ${MOST_EVENTS}`);
  return { kind, events: Array.from(events, readEvent) };
}

function readEvent(value: unknown): CanonicalEvent {
  const fields = fieldsOf(value, 'an event');
  const kind = oneOfField(fields, 'kind', ['StockMoved', 'StockObserved']);
  const base = {
    eventId: textField(fields, 'eventId', MOST_ID_CHARS),
    item: readRef(fields.item, 'item'),
    location: readRef(fields.location, 'location'),
    ...(fields.condition === undefined ? {} : { condition: oneOfField(fields, 'condition', CONDITIONS) }),
  };
  if (kind === 'StockObserved') {
    const quantity = integerField(fields, 'quantity', -MOST_QUANTITY, MOST_QUANTITY);
    return { kind, ...base, quantity, asOf: timeField(fields, 'asOf'), basis: oneOfField(fields, 'basis', ['onHand', 'netOfOrders']) };
  }
  const movement = oneOfField(fields, 'movement', MOVEMENTS);
  const quantity = integerField(fields, 'quantity', movement === 'adjustment' ? -MOST_QUANTITY : 1, MOST_QUANTITY);
  if (quantity === 0) throw new Malformed("'quantity' is zero");
  return { kind, ...base, line: textField(fields, 'line', MOST_ID_CHARS), movement, quantity, occurredAt: timeField(fields, 'occurredAt') };
}

export function readRef(value: unknown, what: string): ExternalRef {
  const fields: Fields = fieldsOf(value, what);
  const ref = { type: textField(fields, 'type', 64), id: textField(fields, 'id', MOST_ID_CHARS) };
  return fields.sku === undefined || fields.sku === null || fields.sku === '' ? ref : { ...ref, sku: textField(fields, 'sku', MOST_ID_CHARS) };
}
