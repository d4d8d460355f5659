import { Injectable } from '@nestjs/common';
import { HubError } from '../../../core/errors/index.js';
import { Database, type Queryable } from '../../../core/persistence/database.js';
import { numberArray } from '../../../core/persistence/sql-array.js';

/** So many figures wait for a resync at a time: it never fills the queue, and a stop is a stop. */
const PAGE = 1_000;
/** Behind sold out (0), nearly sold out (1) and changed (2): a resync never delays what has changed. */
const RESYNC_URGENCY = 3;

/**
 * Tells a channel every figure anew, whatever it acknowledged before: for a channel that lost its stock, or that somebody
 * has worked on by hand. Figures are marked page by page, in order of item, each page when the one before is told; where
 * it stands is committed with each page, so a crash costs nothing and doubles at most what absolute figures may double.
 */
@Injectable()
export class ResyncChannel {
  constructor(private readonly database: Database) {}

  /** @throws HubError CONFLICT while one is under way */
  async request(channel: number): Promise<void> {
    const begun = await this.database.execute(
      `insert into inventory.publication as p (channel_id, resync_state, resync_requested_at, resync_total, resync_cursor)
       select $1, 'running', clock_timestamp(), count(*), -1 from inventory.availability where channel_id = $1
           on conflict (channel_id) do update set resync_state = 'running', resync_requested_at = excluded.resync_requested_at, resync_ended_at = null, resync_total = excluded.resync_total,
              resync_marked = 0, resync_cursor = -1 where p.resync_state is distinct from 'running'`,
      [channel],
    );
    if (begun === 0) throw new HubError('CONFLICT', { detail: 'A resync of this channel is under way. Stop it first if it is to begin anew.' });
  }

  /** What is marked already, one page at most, is still told. Answers whether one was under way. */
  async stop(channel: number): Promise<boolean> {
    return this.end(this.database, channel, 'stopped');
  }

  /** Marks the next page when the last one is told, and ends the resync when there is none. */
  async advance(channel: number): Promise<void> {
    await this.database.transaction(async (tx) => {
      // Whoever comes second waits here, and finds the page of the first.
      const [resync] = await tx.query<{ cursor: number }>(`select resync_cursor as cursor from inventory.publication where channel_id = $1 and resync_state = 'running' for update`, [channel]);
      if (!resync || (await this.waits(tx, channel))) return;
      const items = await nextPage(tx, channel, resync.cursor);
      const last = items.at(-1);
      if (last === undefined) {
        await this.end(tx, channel, 'finished');
        return;
      }
      await mark(tx, channel, items);
      await tx.execute('update inventory.publication set resync_cursor = $2, resync_marked = resync_marked + $3 where channel_id = $1', [channel, last, items.length]);
    });
  }

  private async end(tx: Queryable, channel: number, state: 'finished' | 'stopped'): Promise<boolean> {
    return (await tx.execute(`update inventory.publication set resync_state = $2, resync_ended_at = clock_timestamp() where channel_id = $1 and resync_state = 'running'`, [channel, state])) > 0;
  }

  private async waits(tx: Queryable, channel: number): Promise<boolean> {
    return (await tx.query(`select from inventory.dirty where channel_id = $1 and urgency = ${RESYNC_URGENCY} limit 1`, [channel])).length > 0;
  }
}

async function nextPage(tx: Queryable, channel: number, cursor: number): Promise<number[]> {
  const rows = await tx.query<{ item: number }>('select item_id as item from inventory.availability where channel_id = $1 and item_id > $2 order by item_id limit $3', [channel, cursor, PAGE]);
  return rows.map(({ item }) => item);
}

/** Forgets which version the channel acknowledged, so that an equal figure is sent again. Locks in the order that every writer keeps. */
async function mark(tx: Queryable, channel: number, items: readonly number[]): Promise<void> {
  const parameters = [channel, numberArray(items)];
  await tx.execute('select pg_advisory_xact_lock_shared(7267, 1)');
  await tx.execute(
    `select from inventory.pool_level l join inventory.channel_rule r on r.pool_id = l.pool_id
      where r.channel_id = $1 and l.item_id = any ($2::int[]) order by l.item_id for no key update of l`,
    parameters,
  );
  await tx.execute('update inventory.availability set published_version = null where channel_id = $1 and item_id = any ($2::int[])', parameters);
  await tx.execute(
    `insert into inventory.dirty as d (channel_id, item_id, urgency) select $1, i, ${RESYNC_URGENCY} from unnest($2::int[]) as i order by i
         on conflict (channel_id, item_id) do update set bumped = d.bumped or d.claim is not null, not_before = null`,
    parameters,
  );
}
