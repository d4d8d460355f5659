import { ConnectorError } from '@crossdock/connector-sdk';

/** A place in the order of moves: when written, and the move's number among those of one moment. */
export interface Position {
  /** UTC: `2026-11-23T07:42:08.185097` */
  readonly at: string;
  readonly id: number;
}

/**
 * One reading of all moves from some position to the end, in pages. Tryton stamps what a transaction writes with the moment at which
 * the transaction began: what commits late appears behind positions that were read already. So each sweep begins before the
 * end of the last one; what comes twice has the same id.
 */
export interface Sweep {
  /** By the ERP's clock. */
  readonly startedAt: string;
  readonly deep: boolean;
  /** The last move read in this sweep; of before it none waits. */
  readonly position: Position;
}

export interface MovesCursor {
  readonly phase: 'moves';
  /** The furthest position that any sweep has reached. */
  readonly furthest: Position;
  /** When the last whole sweep, and the last whole deep one, began. */
  readonly sweptAt: string;
  readonly deepAt: string;
  /** Present between the pages of one sweep. */
  readonly sweep?: Sweep;
  /** Where the feed began with a snapshot: what is told by it, and what by the moves. */
  readonly seam?: Seam;
}

/** The snapshot tells of moves that were created before `at` and are not among `open`; all others are told as moves. */
export interface Seam {
  readonly at: string;
  /** Numbers of the moves that existed then and were not done, packed. */
  readonly open: string;
}

export interface OpeningCursor {
  readonly phase: 'opening';
  readonly seam: Seam;
  /** The last product that was told. */
  readonly product: number;
}

export type Cursor = MovesCursor | OpeningCursor;

export const BEGINNING: Position = { at: '0001-01-01T00:00:00.000000', id: 0 };

export function writeCursor(cursor: Cursor): string {
  return JSON.stringify({ version: 1, ...cursor });
}

/** @throws ConnectorError plugin_bug for a cursor that this connector did not write. */
export function readCursor(text: string): Cursor {
  try {
    const cursor = JSON.parse(text) as Cursor & { version: unknown };
    if (cursor.version === 1 && (cursor.phase === 'moves' || cursor.phase === 'opening')) return cursor;
  } catch {
    // Told below, as any other text that is no cursor.
  }
  throw new ConnectorError('config', 'the feed\'s cursor is not one of this connector: set the feed back to its beginning');
}

/** The later one. */
export function further(one: Position, other: Position): Position {
  return one.at > other.at || (one.at === other.at && one.id >= other.id) ? one : other;
}
