import { Injectable } from '@nestjs/common';
import { storable } from '../../../core/intake/exceptions/causes.js';
import { Database, type Queryable } from '../../../core/persistence/database.js';
import { numberArray } from '../../../core/persistence/sql-array.js';
import type { LedgerPosition } from '../ledger/read-ledger.js';

/**
 * Why a movement is held. `UNMAPPED_ITEM`: the books' name of its item is not known; it goes on by itself once it is.
 * `DELAYED`: the books asked to come back, or nobody knows whether they have it; tried again by itself. `REJECTED`: the
 * books refuse it; a person decides.
 */
export const HELD_CLASSES = ['UNMAPPED_ITEM', 'REJECTED', 'DELAYED'] as const;
export type HeldClass = (typeof HELD_CLASSES)[number];

/** A movement of the ledger, by its place, that could not be written yet, and why. */
export interface Holding {
  readonly place: Pick<LedgerPosition, 'batch' | 'n'>;
  readonly class: HeldClass;
  /** The same for everything that one deed would release. */
  readonly cause: string;
  readonly detail: string;
  /** The item (canonical id) whose cross-reference would release it. */
  readonly waitsFor?: string;
  /** When it is tried again by itself; undefined where something has to happen first. */
  readonly dueInMs?: number;
}

export interface DuePosting {
  readonly batch: number;
  readonly n: number;
  readonly attempts: number;
  readonly pauseMs: number;
}

/** What poster and mapping do with held movements; ReadHeld and DecideHeld are what people see and do. */
@Injectable()
export class HeldPostings {
  constructor(private readonly database: Database) {}

  /** What is to be tried (again) now, the longest due first. */
  due(source: number, most: number): Promise<DuePosting[]> {
    return this.database.query(
      `select batch_id as batch, n, attempts, pause_ms as "pauseMs" from inventory.held_posting where source_id = $1 and due_at <= inventory.clock() order by due_at, id limit $2`,
      [source, most],
    );
  }

  /** How long until something held is to be tried again, 0 where it is time; Infinity where nothing is. */
  async nextDueMs(source: number): Promise<number> {
    const [row] = await this.database.query<{ ms: number | null }>(
      'select greatest(0, extract(epoch from min(due_at) - inventory.clock()) * 1000)::float8 as ms from inventory.held_posting where source_id = $1 and due_at is not null', [source]);
    return row?.ms ?? Infinity;
  }

  /** Marks what waits for these items as due, of one connection or (undefined) of all. Answers whether there was anything. */
  async release(tx: Queryable = this.database, source: number | undefined, items: readonly string[]): Promise<boolean> {
    return items.length > 0 && (await tx.execute(
      `update inventory.held_posting set due_at = inventory.clock() where waits_for = any ($1::text[]) and ($2::int is null or source_id = $2)`, [items, source ?? null])) > 0;
  }

  /** The next items that something waits for without being due, in order, after the one named. */
  async awaited(source: number, after: string, most: number): Promise<string[]> {
    const rows = await this.database.query<{ item: string }>(
      `select distinct waits_for as item from inventory.held_posting where source_id = $1 and waits_for > $2 and due_at is null order by 1 limit $3`, [source, after, most]);
    return rows.map(({ item }) => item);
  }
}

/** Holds movements, or says anew why they are held. Part of the transaction that settles them. */
export async function hold(tx: Queryable, source: number, holdings: readonly Holding[]): Promise<void> {
  if (holdings.length === 0) return;
  await tx.execute(
    `insert into inventory.held_posting as h (source_id, batch_id, n, class, cause, detail, waits_for, held_at, due_at, pause_ms)
     select $1, w.batch_id, w.n, w.class, w.cause, w.detail, w.waits_for, clock_timestamp(), inventory.clock() + make_interval(secs => w.due_ms / 1000.0), coalesce(w.due_ms, 0)
       from unnest($2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[]) as w (batch_id, n, class, cause, detail, waits_for, due_ms)
         on conflict (source_id, batch_id, n) do update set class = excluded.class, cause = excluded.cause, detail = excluded.detail, waits_for = excluded.waits_for,
            due_at = excluded.due_at, pause_ms = excluded.pause_ms, attempts = h.attempts + 1`,
    [
      source, holdings.map(({ place }) => place.batch), holdings.map(({ place }) => place.n), holdings.map((one) => one.class), holdings.map(({ cause }) => storable(cause)),
      holdings.map(({ detail }) => storable(detail)), holdings.map(({ waitsFor }) => waitsFor ?? null), holdings.map(({ dueInMs }) => (dueInMs === undefined ? null : Math.round(dueInMs))),
    ],
  );
}

/** Holds them no more. */
export async function letGo(tx: Queryable, source: number, places: readonly Pick<LedgerPosition, 'batch' | 'n'>[]): Promise<void> {
  if (places.length === 0) return;
  await tx.execute('delete from inventory.held_posting h using unnest($2::bigint[], $3::int[]) as w (batch_id, n) where h.source_id = $1 and h.batch_id = w.batch_id and h.n = w.n',
    [source, numberArray(places.map(({ batch }) => batch)), numberArray(places.map(({ n }) => n))]);
}
