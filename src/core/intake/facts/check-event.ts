import type { CanonicalEvent, ExternalRef } from '@crossdock/connector-sdk';

const DAY_MS = 86_400_000;
/** Beyond this a figure is a fault of the sender (a price, a barcode or an id in the wrong field), not stock. */
const MOST_UNITS = 1_000_000_000;
const EARLIEST = Date.UTC(2000, 0, 1);
const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const MOVEMENTS = ['sale', 'receipt', 'return', 'adjustment', 'damage'];
const CONDITIONS = ['sellable', 'damaged', 'quality_control', 'in_transit'];
const BASES = ['onHand', 'netOfOrders'];

/**
 * Says what is wrong with an event, in words that its connector's author can act on; undefined when nothing is. A
 * connector is somebody else's code: whatever it answers is judged here, before anything relies on it.
 */
export function checkEvent(event: CanonicalEvent, nowMs: number): string | undefined {
  const given = event as unknown as Readonly<Record<string, unknown>> | null;
  if (typeof given !== 'object' || given === null) return 'the event is no object';
  switch (given['kind']) {
    case 'StockMoved': return first(shared(given), checkMoved(given), () => when('occurredAt', given['occurredAt'], nowMs));
    case 'StockObserved': return first(shared(given), checkObserved(given), () => when('asOf', given['asOf'], nowMs));
    default: return `the kind ${shown(given['kind'])} is not known`;
  }
}

function* shared(given: Readonly<Record<string, unknown>>): Generator<string | undefined> {
  yield text('eventId', given['eventId'], 255);
  yield reference('item', given['item']);
  yield reference('location', given['location']);
  yield given['condition'] === undefined ? undefined : oneOf('condition', given['condition'], CONDITIONS);
}

function* checkMoved(given: Readonly<Record<string, unknown>>): Generator<string | undefined> {
  yield text('line', given['line'], 255, true);
  yield oneOf('movement', given['movement'], MOVEMENTS);
  yield given['movement'] === 'adjustment' ? units(given['quantity'], -MOST_UNITS) : units(given['quantity'], 1);
  yield given['quantity'] === 0 ? 'quantity is 0: nothing moved' : undefined;
}

function* checkObserved(given: Readonly<Record<string, unknown>>): Generator<string | undefined> {
  yield units(given['quantity'], -MOST_UNITS);
  yield oneOf('basis', given['basis'], BASES);
}

function first(...checks: (Iterable<string | undefined> | (() => string | undefined))[]): string | undefined {
  for (const check of checks) {
    for (const problem of typeof check === 'function' ? [check()] : check) if (problem) return problem;
  }
  return undefined;
}

function text(name: string, value: unknown, most: number, mayBeEmpty = false): string | undefined {
  if (typeof value !== 'string') return `${name} is ${shown(value)}, not text`;
  if (value === '' && !mayBeEmpty) return `${name} is empty`;
  if (value.length > most) return `${name} is longer than ${most} characters`;
  // Postgres stores neither; a key that had to be changed to be stored would no longer be the sender's.
  return value.includes('\0') || !value.isWellFormed() ? `${name} holds characters that cannot be stored` : undefined;
}

function reference(name: string, value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `${name} is ${shown(value)}, not a reference`;
  const ref = value as Partial<Record<keyof ExternalRef, unknown>>;
  return text(`${name}.type`, ref.type, 100) ?? text(`${name}.id`, ref.id, 255) ?? (ref.sku === undefined ? undefined : text(`${name}.sku`, ref.sku, 255, true));
}

function oneOf(name: string, value: unknown, allowed: readonly string[]): string | undefined {
  return allowed.includes(value as string) ? undefined : `${name} is ${shown(value)}; it must be one of ${allowed.join(', ')}`;
}

function units(value: unknown, least: number): string | undefined {
  if (!Number.isSafeInteger(value)) return `quantity is ${shown(value)}, not a whole number`;
  if ((value as number) < least || (value as number) > MOST_UNITS) return `quantity is ${shown(value)}; it must lie between ${least} and ${MOST_UNITS}`;
  return undefined;
}

function when(name: string, value: unknown, nowMs: number): string | undefined {
  const at = typeof value === 'string' && RFC3339.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(at)) return `${name} is ${shown(value)}, not an RFC 3339 time`;
  if (at > nowMs + DAY_MS) return `${name} is ${shown(value)}, more than a day in the future`;
  return at < EARLIEST ? `${name} is ${shown(value)}, before the year 2000` : undefined;
}

/** A short, harmless rendering of whatever came. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 40).replaceAll(/[^\x20-\x7e]/g, '?')}'`;
  return typeof value === 'number' || typeof value === 'boolean' || value == null ? String(value) : `a ${typeof value}`;
}
