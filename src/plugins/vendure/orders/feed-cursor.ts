import { ConnectorError } from '@crossdock/connector-sdk';
import { isRecord } from '../mapping/fields.js';
import { type OrderCursor, orderCursorOf } from './order-cursor.js';

/** An order's id, its time of change in milliseconds, and the mark of its record. */
export type RecentState = readonly [id: string, changedMs: number, mark: string];

export type Listing = 'placed' | 'changed';

/**
 * Where the feed of orders stands. Orders are listed twice, because a change of state (and being placed is one) does not
 * stamp an order as changed: by when they were placed, and by their last change. `turn` is the listing that is read next.
 * `recent` tells which states of which orders were given last.
 */
export interface FeedCursor {
  readonly turn: Listing;
  readonly placed: OrderCursor;
  readonly changed: OrderCursor;
  readonly recent: readonly RecentState[];
}

/** Of the hub's 8,192 characters for a cursor. In a shop that takes more orders in a minute, those before count as unread. */
const MOST_RECENT_CHARS = 5_500;

/** @throws ConnectorError config for a cursor that is none of this connector's */
export function readCursor(text: string): FeedCursor {
  const value = parsed(text);
  const { turn, recent } = value;
  const [placed, changed] = [orderCursorOf(value['placed']), orderCursorOf(value['changed'])];
  if (placed === undefined || changed === undefined || (turn !== 'placed' && turn !== 'changed') || !Array.isArray(recent)) {
    throw new ConnectorError('config', 'the cursor of the feed is not one of this connector');
  }
  return { turn, placed, changed, recent: recent.filter(isState) };
}

/** With what a page gave. */
export function remembering(cursor: FeedCursor, given: readonly RecentState[]): FeedCursor {
  const again = new Set(given.map(([id]) => id));
  const recent = [...cursor.recent.filter(([id]) => !again.has(id)), ...given];
  let room = MOST_RECENT_CHARS;
  const fits = recent.toReversed().filter((state) => (room -= JSON.stringify(state).length + 1) >= 0);
  return { ...cursor, recent: fits.reverse() };
}

function isState(value: unknown): value is RecentState {
  return Array.isArray(value) && typeof value[0] === 'string' && Number.isSafeInteger(value[1]) && typeof value[2] === 'string';
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
