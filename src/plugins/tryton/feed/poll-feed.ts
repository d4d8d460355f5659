import { type CallContext, ConnectorError, type FeedPage, type FeedRecord, type FeedRequest } from '@crossdock/connector-sdk';
import { Erp } from '../client/erp.js';
import { markerOf, type TrytonConfig } from '../config.js';
import { further, type MovesCursor, readCursor, type Seam, writeCursor } from './cursor.js';
import { unpackIds } from './open-moves.js';
import { type DoneMove, readMovesAfter } from './read-moves.js';
import { beginSnapshot, isToldAsMove, openingPage } from './snapshot.js';
import { firstCursor, sweepOf } from './sweeps.js';

/**
 * The next page of the stock moves: what was done since, and leads out of a place or into one, but for what the hub wrote itself.
 * @throws ConnectorError
 */
export async function pollFeed(ctx: CallContext<TrytonConfig>, { feed, cursor, limit }: FeedRequest): Promise<FeedPage> {
  if (feed !== 'stock-moves') throw new ConnectorError('unsupported', `there is no feed ${feed}`);
  const erp = await Erp.open(ctx);
  if (cursor === null) return ctx.config.start === 'snapshot' ? beginSnapshot(erp) : movesPage(erp, firstCursor(undefined, erp.now), limit);
  const known = readCursor(cursor);
  return known.phase === 'opening' ? openingPage(erp, known, limit) : movesPage(erp, known, limit);
}

async function movesPage(erp: Erp, cursor: MovesCursor, limit: number): Promise<FeedPage> {
  const sweep = sweepOf(cursor, erp.now);
  const moves = await readMovesAfter(erp, sweep.position, cursor.furthest, limit);
  const position = moves.at(-1)?.position ?? sweep.position;
  const furthest = further(cursor.furthest, position);
  const hasMore = moves.length === limit;
  const { sweep: _, ...rest } = cursor;
  const next: MovesCursor = hasMore
    ? { ...rest, furthest, sweep: { ...sweep, position } }
    : { ...rest, furthest, sweptAt: sweep.startedAt, deepAt: sweep.deep ? sweep.startedAt : cursor.deepAt };
  return { records: moves.filter(newsFilter(erp, cursor.seam)).map(recordOf), nextCursor: writeCursor(next), hasMore };
}

/** Leaves out what crosses no place, what the hub wrote itself, and what the snapshot told. */
function newsFilter(erp: Erp, seam: Seam | undefined): (move: DoneMove) => boolean {
  const marker = markerOf(erp.ctx.connectionId);
  const open = new Set(seam === undefined ? [] : unpackIds(seam.open));
  return (move) => {
    const { from, to } = move.record;
    return from.place !== to.place && !move.reference.startsWith(marker) && (seam === undefined || isToldAsMove(seam, open, move));
  };
}

function recordOf({ record }: DoneMove): FeedRecord {
  return { id: `move/${record.id}`, topic: 'stock-move', body: JSON.stringify(record) };
}
