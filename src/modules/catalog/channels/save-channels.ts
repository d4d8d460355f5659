import { Injectable } from '@nestjs/common';
import { invariant } from '../../../core/errors/index.js';
import { Database, type Queryable } from '../../../core/persistence/database.js';
import { Revision } from '../../../core/persistence/look-up-cache.js';
import { CatalogChanges } from '../directory/catalog-changes.js';
import { CatalogDirectory } from '../directory/catalog-directory.js';
import type { Channel } from '../directory/channel.js';
import type { SaveOutcome } from '../directory/save-outcome.js';
import { decideChannels, type ChannelToSave, type WriteableChannel } from './decide-channels.js';

/** Creates channels, or brings them to the given form. */
@Injectable()
export class SaveChannels {
  private readonly revision = new Revision('catalog.revision', 'channels');

  constructor(
    private readonly db: Database,
    private readonly changes: CatalogChanges,
    private readonly directory: CatalogDirectory,
  ) {}

  /**
   * One transaction; one outcome a channel, in order, as if they had been saved one after the other. Saving the same
   * again changes nothing. A channel with a location that does not exist, or with another channel's connection, is
   * rejected alone.
   * @param channels with different ids.
   */
  async save(channels: readonly ChannelToSave[]): Promise<SaveOutcome[]> {
    invariant(new Set(channels.map((channel) => channel.id)).size === channels.length, 'a channel occurs once in a batch');
    const locations = await this.directory.locationIds(channels.flatMap((channel) => channel.locations));
    const { outcomes, after, changed } = await this.db.transaction(async (tx) => {
      await this.revision.lock(tx);
      const decided = decideChannels(channels, locations, await storedChannels(tx));
      const writes = decided.flatMap(({ write }) => write ?? []).sort((a, b) => (a.code < b.code ? -1 : 1));
      const saved = writes.length > 0 ? await writeChannels(tx, writes) : [];
      const hooks = await this.changes.channelsSaved(tx, saved);
      if (saved.length > 0) await this.revision.grow(tx);
      return { outcomes: decided.map(({ outcome }) => outcome), after: hooks, changed: saved.length > 0 };
    });
    if (changed) this.directory.channelsChanged();
    for (const run of after) run();
    return outcomes;
  }
}

function storedChannels(tx: Queryable): Promise<Channel[]> {
  return tx.query<Channel>(
    `select c.id, c.code, c.name, c.connection_source_id as "connectionId",
            array(select p.location_id from catalog.channel_location p where p.channel_id = c.id order by p.location_id) as "locationIds"
       from catalog.channel c`,
  );
}

async function writeChannels(tx: Queryable, channels: readonly WriteableChannel[]): Promise<Channel[]> {
  // Postgres checks the unique key row by row: a connection that moves from one channel to another would collide on the way.
  await tx.execute('update catalog.channel set connection = null, connection_source_id = null where code = any($1::text[]) and connection is not null', [channels.map((c) => c.code)]);
  const rows = await tx.query<{ id: number; code: string }>(
    `insert into catalog.channel as c (code, name, connection, connection_source_id)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::int[]) as w (code, name, connection, connection_source_id) order by w.code collate "C"
     on conflict (code) do update
        set name = excluded.name, connection = excluded.connection, connection_source_id = excluded.connection_source_id, updated_at = now()
     returning c.id, c.code`,
    [
      channels.map((c) => c.code), channels.map((c) => c.name),
      channels.map((c) => c.connection?.id ?? null), channels.map((c) => c.connection?.sourceId ?? null),
    ],
  );
  const idOf = new Map(rows.map((row) => [row.code, row.id]));
  const saved = channels.map(({ connection, ...channel }) => ({ ...channel, id: idOf.get(channel.code) ?? 0, connectionId: connection?.sourceId ?? null }));
  const members = saved.flatMap((channel) => channel.locationIds.map((locationId) => [channel.id, locationId] as const));
  const pairs = [members.map(([channelId]) => channelId), members.map(([, locationId]) => locationId)];
  await tx.execute(
    `delete from catalog.channel_location l where l.channel_id = any($3::int[])
        and not exists (select from unnest($1::int[], $2::int[]) as w (c, n) where w.c = l.channel_id and w.n = l.location_id)`,
    [...pairs, rows.map((row) => row.id)],
  );
  await tx.execute('insert into catalog.channel_location select * from unnest($1::int[], $2::int[]) on conflict do nothing', pairs);
  return saved;
}
