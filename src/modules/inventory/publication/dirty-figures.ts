import { Injectable } from '@nestjs/common';
import type { PublishResult } from '@crossdock/connector-sdk';
import { Database } from '../../../core/persistence/database.js';
import { numberArray, textArray } from '../../../core/persistence/sql-array.js';

/** A channel's figure that is to be told, read after its claim was committed: no later commit can hide behind it. */
export interface ClaimedFigure {
  readonly item: number;
  readonly now: number;
  readonly version: number;
  /** What the channel last acknowledged; null when it was never told. */
  readonly published: number | null;
  /** The version that it acknowledged: an equal figure of a later version is told again, since the channel may have moved it itself. */
  readonly publishedVersion: number | null;
  readonly attempts: number;
  /** How long the channel has been waiting when the claim was made, by the database's clock. */
  readonly waitedMs: number;
}

export interface Claim {
  readonly id: number;
  readonly channel: number;
  /** How many rows were claimed. */
  readonly rows: number;
  readonly figures: readonly ClaimedFigure[];
}

/** What became of one claimed figure, in the database's terms. */
export interface Settlement {
  readonly item: number;
  readonly version: number;
  readonly result: 'told' | 'unchanged' | 'refused' | 'later';
  readonly afterMs: number;
  readonly note: string;
}

/** How long a publisher may be silent about a claim before another takes it over; one that lives renews it in time. */
const LEASE_SECONDS = 8;
export const CLAIM_TERMS = { leaseMs: LEASE_SECONDS * 1_000, everyMs: 2_000 };

/**
 * The rows that say 'this figure changed and its channel does not know': at most one an item and channel, claimed by
 * risk (sold out and nearly sold out first), then by age.
 */
@Injectable()
export class DirtyFigures {
  constructor(private readonly database: Database) {}

  /** Takes up to `most` rows of a channel. Rows that a writer holds at this moment are skipped: his commit will show them again. */
  async claim(channel: number, most: number): Promise<Claim | undefined> {
    const claimed = await this.database.query<{ item: number; claim: number; attempts: number; urgency: number; waitedMs: number }>(
      `with chosen as materialized (
         select d.item_id from inventory.dirty d
          where d.channel_id = $1 and (d.claim is null or d.claimed_until < clock_timestamp()) and (d.not_before is null or d.not_before <= clock_timestamp())
          order by d.urgency, d.since limit $2 for update skip locked
       ), ticket as materialized (select nextval('inventory.claim') as id)
       -- A claim that ran out may have been told without our knowing: it counts as a try, so that it is surely told again.
       update inventory.dirty d set claim = t.id, claimed_until = clock_timestamp() + make_interval(secs => $3), bumped = false,
              attempts = d.attempts + (d.claim is not null)::int
         from chosen c, ticket t where d.channel_id = $1 and d.item_id = c.item_id
       returning d.item_id as item, d.claim, d.attempts, d.urgency, extract(epoch from clock_timestamp() - d.since)::float8 * 1000 as "waitedMs"`,
      [channel, most, LEASE_SECONDS],
    );
    const id = claimed[0]?.claim;
    if (id === undefined) return undefined;
    // A statement of its own, so that its snapshot is younger than the claim's commit.
    const figures = await this.database.query<Omit<ClaimedFigure, 'attempts' | 'waitedMs'>>(
      'select a.item_id as item, a.now, a.version, a.published, a.published_version as "publishedVersion" from inventory.availability a where a.channel_id = $1 and a.item_id = any ($2::int[])',
      [channel, numberArray(claimed.map((row) => row.item))],
    );
    const byItem = new Map(figures.map((figure) => [figure.item, figure]));
    // A connector may have to cut the claim into smaller messages: what is sold out stands in the first of them.
    const byRisk = [...claimed].sort((a, b) => a.urgency - b.urgency || b.waitedMs - a.waitedMs);
    return { id, channel, rows: claimed.length, figures: byRisk.flatMap(({ item, attempts, waitedMs }) => {
      const figure = byItem.get(item);
      return figure ? [{ ...figure, attempts, waitedMs }] : [];
    }) };
  }

  /** Says that the claim is still being told, and whether it is still ours as a whole. Rows that were taken over meanwhile stay with whoever took them. */
  async renew(claim: Claim): Promise<boolean> {
    const kept = await this.database.execute('update inventory.dirty set claimed_until = clock_timestamp() + make_interval(secs => $3) where channel_id = $1 and claim = $2', [claim.channel, claim.id, LEASE_SECONDS]);
    return kept === claim.rows;
  }

  /**
   * Writes what became of a claim, in one transaction. A row that changed meanwhile, or whose claim was taken over by
   * another publisher, stays to be told again.
   */
  async settle(claim: Claim, settlements: readonly Settlement[]): Promise<void> {
    const items = numberArray(settlements.map((one) => one.item));
    const versions = numberArray(settlements.map((one) => one.version));
    const results = textArray(settlements.map((one) => one.result));
    const afters = numberArray(settlements.map((one) => Math.round(one.afterMs)));
    const notes = textArray(settlements.map((one) => one.note.slice(0, 500).replace(/\0/g, '')));
    const outcome = 'unnest($2::int[], $3::bigint[], $4::text[], $5::int[], $6::text[]) as t (item_id, version, result, after_ms, note)';
    await this.database.transaction(async (tx) => {
      const parameters = [claim.channel, items, versions, results, afters, notes];
      // The order of locks that every writer keeps: rules, pools, availability, dirty. A writer reaches the rows of
      // availability in whatever order its carts name items, but only while it holds their pools' rows; so must we, or
      // we wait for each other until Postgres kills one of us, a second later.
      await tx.execute('select pg_advisory_xact_lock_shared(7267, 1)');
      await tx.execute(
        `select from inventory.pool_level l join inventory.channel_rule r on r.pool_id = l.pool_id
          where r.channel_id = $1 and l.item_id = any ($2::int[]) order by l.item_id for no key update of l`,
        [claim.channel, items],
      );
      await tx.execute(
        `update inventory.availability a set published = case when t.result = 'told' then f.now else a.published end, published_version = case when t.result = 'told' then t.version else a.published_version end,
                published_at = case when t.result = 'told' then clock_timestamp() else a.published_at end, fault = case when t.result = 'refused' then t.note end
           from ${outcome} join unnest($7::int[], $8::bigint[]) as f (item_id, now) on f.item_id = t.item_id
          where a.channel_id = $1 and a.item_id = t.item_id and (t.result in ('told', 'refused') or (t.result = 'unchanged' and a.fault is not null))
            and (a.published_version is null or a.published_version <= t.version)`,
        [...parameters, numberArray(claim.figures.map((figure) => figure.item)), numberArray(claim.figures.map((figure) => figure.now))],
      );
      await tx.execute(
        `delete from inventory.dirty d using ${outcome}
          where d.channel_id = $1 and d.item_id = t.item_id and d.claim = $7 and not d.bumped and t.result <> 'later'`,
        [...parameters, claim.id],
      );
      await tx.execute(
        `update inventory.dirty d set claim = null, claimed_until = null, bumped = false,
                attempts = case when t.result = 'later' then d.attempts + 1 else 0 end,
                not_before = case when t.result = 'later' then clock_timestamp() + make_interval(secs => t.after_ms / 1000.0) end,
                last_error = case when t.result = 'later' then t.note end
           from ${outcome}
          where d.channel_id = $1 and d.item_id = t.item_id and d.claim = $7`,
        [...parameters, claim.id],
      );
      // Taken over while we were silent: our late figure may have landed on top of a newer one, so it is told once more.
      await tx.execute(
        `insert into inventory.dirty as d (channel_id, item_id, urgency, attempts)
         select $1, t.item_id, 1, 1 from ${outcome}
          where t.result = 'told' and not exists (select from inventory.dirty x where x.channel_id = $1 and x.item_id = t.item_id and x.claim = $7)
            and exists (select from inventory.availability a where a.channel_id = $1 and a.item_id = t.item_id and a.published_version > t.version)
             on conflict (channel_id, item_id) do update set bumped = d.bumped or d.claim is not null, attempts = d.attempts + 1`,
        [...parameters, claim.id],
      );
    });
  }

  /** Marks figures of a connection's channels to be told (again), for example when an item has become known there. */
  async mark(tx: Pick<Database, 'execute'>, connection: number, items: readonly number[]): Promise<void> {
    await tx.execute(
      `insert into inventory.dirty as d (channel_id, item_id, urgency)
       select a.channel_id, a.item_id, case when a.now = 0 then 0 when a.now <= 3 then 1 else 2 end
         from inventory.availability a join inventory.channel_rule r on r.channel_id = a.channel_id
        where r.connection_id = $1 and a.item_id = any ($2::int[]) order by 1, 2
           on conflict (channel_id, item_id) do update set bumped = d.bumped or d.claim is not null, not_before = null`,
      [connection, numberArray(items)],
    );
  }
}

/** What the channel's answer means for the row: done, told again later, or a matter for a person until the figure changes. */
export function settlementOf(figure: ClaimedFigure, result: PublishResult, backoffMs: number): Settlement {
  const base = { item: figure.item, version: figure.version, afterMs: 0, note: '' };
  switch (result.kind) {
    case 'applied':
    case 'unchanged':
      return { ...base, result: 'told' };
    case 'stale':
      return { ...base, result: 'unchanged' };
    case 'rejected':
      return { ...base, result: 'refused', note: `${result.code}: ${result.detail}` };
    case 'retry':
      return { ...base, result: 'later', afterMs: Math.max(result.afterMs, backoffMs), note: result.reason };
    case 'ambiguous':
      // Absolute figures repeat harmlessly, so the figure of that later moment is simply sent.
      return { ...base, result: 'later', afterMs: backoffMs, note: result.reason };
  }
}
