import { isRecord } from '../mapping/fields.js';

/** One row of a page, as far as the cursor looks at it. */
export interface Row {
  readonly id: string;
  /** By which the rows are sorted: RFC 3339 with milliseconds, as Vendure writes it. */
  readonly time: string;
}

/**
 * How far the orders were read. `at`: every row that changed before was given. `given`: how many that changed in exactly
 * that millisecond were, and `last` names the latest of those. `top` is the newest change ever seen and `topSinceMs`, by
 * the hub's clock, when it was seen first. `again` is where the reading after this one begins; null between two readings.
 */
export interface OrderCursor {
  readonly at: string;
  readonly given: number;
  readonly last: readonly string[];
  readonly top: string;
  readonly topSinceMs: number;
  readonly again: string | null;
}

/**
 * A change is stamped before it is committed, by so much at most: one that commits late appears behind what was read
 * already. What is committed once a reading has begun was stamped no earlier than so long before the newest change that
 * was known then (or not before that change, if it had been the newest for so long): there the next reading begins.
 */
export const OVERLAP_MS = 60_000;
/** Rows beyond those wanted: the ones named by the cursor come again, and a database that counts finer than a millisecond gives some before. */
const SLACK = 20;

export function startAt(at: string, nowMs: number): OrderCursor {
  return { at, given: 0, last: [], top: at, topSinceMs: nowMs, again: null };
}

/** Undefined for what is none of these. */
export function orderCursorOf(value: unknown): OrderCursor | undefined {
  if (!isRecord(value)) return undefined;
  const { at, given, last, top, topSinceMs, again } = value;
  const whole = isTime(at) && isTime(top) && (again === null || isTime(again)) && isCount(given) && isCount(topSinceMs) && Array.isArray(last);
  return whole ? { at, top, given, topSinceMs, last: last.map(String), again } : undefined;
}

/** What to ask for: changes after `after` (Vendure means later than), without the first `skip`, at most `take`. */
export function queryOf({ at, given, last }: OrderCursor, limit: number): { readonly after: string; readonly skip: number; readonly take: number } {
  return { after: shifted(at, -1), skip: given - last.length, take: limit + last.length + SLACK };
}

export interface Advance<R extends Row> {
  readonly page: readonly R[];
  readonly cursor: OrderCursor;
  readonly hasMore: boolean;
}

/** @param rows the answer to `queryOf`, in order; `full` when there may be more behind them. */
export function advance<R extends Row>(cursor: OrderCursor, rows: readonly R[], limit: number, full: boolean, nowMs: number): Advance<R> {
  const fresh = rows.filter((row) => row.time > cursor.at || (row.time === cursor.at && !cursor.last.includes(row.id)));
  const again = cursor.again ?? (nowMs - cursor.topSinceMs >= OVERLAP_MS ? cursor.top : shifted(cursor.top, -OVERLAP_MS));
  // Only with very many changes in one millisecond: all of these were given, and what is new stands behind them.
  if (full && fresh.length === 0) return { page: [], hasMore: true, cursor: { ...cursor, again, given: cursor.given + rows.length - cursor.last.length } };
  const page = fresh.slice(0, limit);
  const reached = page.reduce(past, cursor);
  const rose = reached.at > cursor.top;
  const seen = { ...reached, top: rose ? reached.at : cursor.top, topSinceMs: rose ? nowMs : cursor.topSinceMs };
  if (full || fresh.length > page.length) return { page, hasMore: true, cursor: { ...seen, again } };
  // Nothing new since all was quiet: the place is kept, so that an idle shop is asked for nothing twice.
  const next = again === seen.top ? seen : { ...seen, at: again, given: 0, last: [] };
  return { page, hasMore: false, cursor: { ...next, again: null } };
}

function past(cursor: OrderCursor, { id, time }: Row): OrderCursor {
  if (time !== cursor.at) return { ...cursor, at: time, given: 1, last: [id] };
  return { ...cursor, given: cursor.given + 1, last: [...cursor.last, id].slice(-SLACK) };
}

function shifted(time: string, byMs: number): string {
  return new Date(Date.parse(time) + byMs).toISOString();
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
