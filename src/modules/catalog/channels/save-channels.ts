import { Injectable } from '@nestjs/common';
import { invariant } from '../../../core/errors/index.js';
import { Database, type Queryable } from '../../../core/persistence/database.js';
import { Revision } from '../../../core/persistence/look-up-cache.js';
import { CatalogChanges } from '../directory/catalog-changes.js';
import { CatalogDirectory } from '../directory/catalog-directory.js';
import type { Channel } from '../directory/channel.js';
import type { ConnectionName } from '../directory/connection-name.js';
import type { SaveOutcome } from '../directory/save-outcome.js';

/** A place that sells, as callers describe it. */
export interface ChannelToSave {
  /** Canonical id: given by the retailer, never changed. */
  readonly id: string;
  readonly name: string;
  /** Ids of the locations that it may source from, at least one. */
  readonly locations: readonly string[];
  /** The connection that it is published through; null for a channel that asks the hub itself. */
  readonly connection: ConnectionName | null;
}

interface WriteableChannel {
  readonly code: string;
  readonly name: string;
  readonly connection: ConnectionName | null;
  readonly locationIds: number[];
}

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
   * One transaction; one outcome a channel, in order. Saving the same again changes nothing. A channel with a location
   * that does not exist is rejected alone.
   * @param channels with different ids.
   */
  async save(channels: readonly ChannelToSave[]): Promise<SaveOutcome[]> {
    invariant(new Set(channels.map((channel) => channel.id)).size === channels.length, 'a channel occurs once in a batch');
    const locations = await this.directory.locationIds(channels.flatMap((channel) => channel.locations));
    const { outcomes, after, changed } = await this.db.transaction(async (tx) => {
      const stored = await lockChannels(tx, channels.map((channel) => channel.id));
      const decided = channels.map((channel) => decide(channel, locations, stored.get(channel.id)));
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

function decide(channel: ChannelToSave, locations: ReadonlyMap<string, number>, stored: Channel | undefined): { outcome: SaveOutcome; write?: WriteableChannel } {
  const missing = channel.locations.findIndex((code) => !locations.has(code));
  if (missing >= 0) {
    const detail = `There is no location '${channel.locations[missing]}'.`;
    return { outcome: { status: 'rejected', code: 'UNKNOWN_LOCATION', pointer: `/locations/${missing}`, detail } };
  }
  const locationIds = [...new Set(channel.locations.flatMap((code) => locations.get(code) ?? []))].sort((a, b) => a - b);
  const write = { code: channel.id, name: channel.name, connection: channel.connection, locationIds };
  if (!stored) return { outcome: { status: 'created' }, write };
  const same = stored.name === write.name && stored.connectionId === (write.connection?.sourceId ?? null) && String(stored.locationIds) === String(locationIds);
  return same ? { outcome: { status: 'unchanged' } } : { outcome: { status: 'updated' }, write };
}

/** Row locks in order of code; the pools are read in a statement of their own, which sees what the lock waited for. */
async function lockChannels(tx: Queryable, codes: readonly string[]): Promise<Map<string, Channel>> {
  const rows = await tx.query<Omit<Channel, 'locationIds'>>(
    'select id, code, name, connection_source_id as "connectionId" from catalog.channel where code = any($1::text[]) order by code for update',
    [codes],
  );
  const pools = await tx.query<{ channelId: number; locationIds: number[] }>(
    `select channel_id as "channelId", array_agg(location_id order by location_id) as "locationIds"
       from catalog.channel_location where channel_id = any($1::int[]) group by channel_id`,
    [rows.map((row) => row.id)],
  );
  const poolOf = new Map(pools.map((pool) => [pool.channelId, pool.locationIds]));
  return new Map(rows.map((row) => [row.code, { ...row, locationIds: poolOf.get(row.id) ?? [] }]));
}

async function writeChannels(tx: Queryable, channels: readonly WriteableChannel[]): Promise<Channel[]> {
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
