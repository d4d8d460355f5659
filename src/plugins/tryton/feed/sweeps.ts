import { momentOfMs, msOfMoment } from '../client/values.js';
import { BEGINNING, type MovesCursor, type Position, type Sweep } from './cursor.js';

/** Each sweep looks back so far: ordinary documents commit within it. */
const SHORT_MS = 30_000;
/** Every so often one looks back much further: a count of ten thousand lines is one transaction, and takes minutes. */
const DEEP_MS = 15 * 60_000;
const DEEP_EVERY_MS = 60_000;

/** Longest transaction of the ERP that is sure to be read, in milliseconds. */
export const LONGEST_TRANSACTION_MS = DEEP_MS;

/** The sweep that a cursor is in, or the next one. */
export function sweepOf(cursor: MovesCursor, now: string): Sweep {
  if (cursor.sweep !== undefined) return cursor.sweep;
  const deep = msOfMoment(now) - msOfMoment(cursor.deepAt) >= DEEP_EVERY_MS;
  const from = deep ? earlier(cursor.deepAt, DEEP_MS) : earlier(cursor.sweptAt, SHORT_MS);
  return { startedAt: now, deep, position: cursor.furthest.at < from ? cursor.furthest : { at: from, id: 0 } };
}

/** The cursor of a feed that reads every move there is, or every one written from `from` on. */
export function firstCursor(from: string | undefined, now: string, seam?: MovesCursor['seam']): MovesCursor {
  const position: Position = from === undefined ? BEGINNING : { at: from, id: 0 };
  const sweep: Sweep = { startedAt: now, deep: true, position };
  return { phase: 'moves', furthest: position, sweptAt: now, deepAt: now, sweep, ...(seam === undefined ? {} : { seam }) };
}

function earlier(moment: string, ms: number): string {
  return momentOfMs(msOfMoment(moment) - ms);
}
