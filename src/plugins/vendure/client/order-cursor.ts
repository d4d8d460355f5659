import { ConnectorError } from '@crossdock/connector-sdk';
import { isRecord } from '../mapping/fields.js';

/** One row of a page, as far as the cursor looks at it. */
export interface Row {
  readonly id: string;
  /** RFC 3339 with milliseconds, as Vendure writes it. */
  readonly updatedAt: string;
}

/**
 * How far the orders were read. `at`: every row that changed before was given. `given`: how many that changed in exactly
 * that millisecond were, and `last` names the latest of those. `top` is the newest change ever seen and `topSinceMs`, by
 * the hub's clock, when it was seen first. `again` is where the reading after this one begins; null between two readings.
 * `recent` tells which states of which orders were given last: they come again while their change is recent.
 */
export interface OrderCursor {
  readonly at: string;
  readonly given: number;
  readonly last: readonly string[];
  readonly top: string;
  readonly topSinceMs: number;
  readonly again: string | null;
  readonly recent: readonly RecentState[];
}

/** An order's id, its time of change in milliseconds, and the mark of its record. */
export type RecentState = readonly [id: string, changedMs: number, mark: string];

/**
 * A change is stamped before it is committed, by so much at most: one that commits late appears behind what was read
 * already. What is committed once a reading has begun was stamped no earlier than so long before the newest change that
 * was known then (or not before that change, if it had been the newest for so long): there the next reading begins.
 */
export const OVERLAP_MS = 60_000;
/** Rows beyond those wanted: the ones named by the cursor come again, and a database that counts finer than a millisecond gives some before. */
const SLACK = 20;
/** Of the hub's 8,192 characters for a cursor. In a shop that takes more orders in a minute, those before count as unread. */
const MOST_RECENT_CHARS = 6_000;

export function startAt(at: string, nowMs: number): OrderCursor {
  return { at, given: 0, last: [], top: at, topSinceMs: nowMs, again: null, recent: [] };
}

/** @throws ConnectorError config for a cursor that is none of these */
export function readCursor(text: string): OrderCursor {
  const value = parsed(text);
  if (!isRecord(value)) throw new ConnectorError('config', 'the cursor of the feed is not one of this connector');
  const { at, given, last, top, topSinceMs, again, recent = [] } = value;
  const whole = isTime(at) && isTime(top) && (again === null || isTime(again)) && isCount(given) && isCount(topSinceMs) && Array.isArray(last) && Array.isArray(recent);
  if (!whole) throw new ConnectorError('config', 'the cursor of the feed is not one of this connector');
  return { at, top, given, topSinceMs, last: last.map(String), again, recent: recent.filter(isState) };
}

/** With what a page gave. */
export function remembering(cursor: OrderCursor, given: readonly RecentState[]): OrderCursor {
  const again = new Set(given.map(([id]) => id));
  const recent = [...cursor.recent.filter(([id]) => !again.has(id)), ...given];
  let room = MOST_RECENT_CHARS;
  const fits = recent.toReversed().filter((state) => (room -= JSON.stringify(state).length + 1) >= 0);
  return { ...cursor, recent: fits.reverse() };
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
  const fresh = rows.filter((row) => row.updatedAt > cursor.at || (row.updatedAt === cursor.at && !cursor.last.includes(row.id)));
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

function past(cursor: OrderCursor, { id, updatedAt }: Row): OrderCursor {
  if (updatedAt !== cursor.at) return { ...cursor, at: updatedAt, given: 1, last: [id] };
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

function isState(value: unknown): value is RecentState {
  return Array.isArray(value) && typeof value[0] === 'string' && isCount(value[1]) && typeof value[2] === 'string';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
