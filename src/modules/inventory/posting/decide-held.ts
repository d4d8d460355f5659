import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HeldElsewhere } from '../../../core/intake/exceptions/held-elsewhere.js';
import { WakeUps } from '../../../core/orchestration/wake-ups.js';
import { Database } from '../../../core/persistence/database.js';
import { numberArray } from '../../../core/persistence/sql-array.js';
import { ReadLedger, type LedgerEntry } from '../ledger/read-ledger.js';
import type { HeldClass } from './held-postings.js';
import { POSTING_TOPIC } from './topic.js';

export interface HeldPosting {
  readonly id: string;
  readonly class: HeldClass;
  readonly cause: string;
  readonly detail: string;
  /** Whether the hub tries it again by itself. */
  readonly automatic: boolean;
  readonly attempts: number;
  readonly heldAt: Date;
  readonly nextTryAt: Date | null;
  readonly movement: LedgerEntry;
}

export interface HeldCause {
  readonly class: HeldClass;
  readonly cause: string;
  readonly detail: string;
  readonly automatic: boolean;
  readonly held: number;
  readonly oldestAt: Date;
}

/** Which of a connection's held movements are meant; what is left out matches all. */
export interface HeldFilter {
  readonly id?: string;
  readonly class?: HeldClass;
  readonly cause?: string;
}

interface Row extends Omit<HeldPosting, 'id' | 'movement' | 'automatic'> {
  readonly id: number;
  readonly batch: number;
  readonly n: number;
}

const MATCHES = 'source_id = $1 and ($2::bigint is null or id = $2) and ($3::text is null or class = $3) and ($4::text is null or cause = $4)';
const MOST_CAUSES = 100;
/** Decisions on many go in steps, so that no transaction holds back a hundred thousand rows. */
const STEP = 5_000;

/** What people see of held movements and decide about them. */
@Injectable()
export class DecideHeld implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly ledger: ReadLedger,
    private readonly wakeUps: WakeUps,
    private readonly elsewhere: HeldElsewhere,
  ) {}

  onModuleInit(): void {
    this.elsewhere.register(async (source) => {
      const rows = await this.database.query<{ sourceId: number; held: number }>(
        'select source_id as "sourceId", count(*) as held from inventory.held_posting where $1::int is null or source_id = $1 group by 1 order by 1', [source ?? null]);
      return rows.map((row) => ({ ...row, what: 'postings', path: '/posting/held' }));
    });
  }

  /** In the order in which they were held, after the one named; at most `most`. */
  async list(source: number, filter: HeldFilter, after: number, most: number): Promise<HeldPosting[]> {
    const rows = await this.database.query<Row>(
      `select id, class, cause, detail, attempts, held_at as "heldAt", due_at as "nextTryAt", batch_id as batch, n from inventory.held_posting where ${MATCHES} and id > $5 order by id limit $6`,
      [...parameters(source, filter), after, most],
    );
    const movements = new Map((await this.ledger.at(rows)).map((entry) => [entry.position.slice(entry.position.indexOf('.') + 1), entry]));
    return rows.flatMap(({ batch, n, id, ...row }) => {
      const movement = movements.get(`${batch}.${n}`);
      return movement ? { ...row, id: String(id), automatic: row.class !== 'REJECTED', movement } : [];
    });
  }

  /** The causes that hold the most, at most 100. */
  async causes(source: number): Promise<HeldCause[]> {
    const rows = await this.database.query<Omit<HeldCause, 'automatic'>>(
      `select class, cause, max(detail) as detail, count(*) as held, min(held_at) as "oldestAt" from inventory.held_posting where source_id = $1 group by class, cause order by count(*) desc, class, cause limit $2`,
      [source, MOST_CAUSES],
    );
    return rows.map((row) => ({ ...row, automatic: row.class !== 'REJECTED' }));
  }

  /** For each of these connections, whether anything is held or not. */
  async counts(sources: readonly number[]): Promise<ReadonlyMap<number, Record<HeldClass, number>>> {
    const rows = await this.database.query<{ source: number; class: HeldClass; held: number }>(
      'select source_id as source, class, count(*) as held from inventory.held_posting where source_id = any ($1::int[]) group by 1, 2', [numberArray(sources)]);
    const counts = new Map(sources.map((source): [number, Record<HeldClass, number>] => [source, { UNMAPPED_ITEM: 0, REJECTED: 0, DELAYED: 0 }]));
    for (const { source, class: of, held } of rows) Object.assign(counts.get(source) ?? {}, { [of]: held });
    return counts;
  }

  async count(source: number, filter: HeldFilter): Promise<number> {
    const [row] = await this.database.query<{ held: number }>(`select count(*) as held from inventory.held_posting where ${MATCHES}`, parameters(source, filter));
    return row?.held ?? 0;
  }

  /** Hands them over again, in the background, with the keys that they had. Answers how many. */
  async retry(source: number, filter: HeldFilter): Promise<number> {
    const marked = await this.database.once((tx) => tx.execute(`update inventory.held_posting set due_at = inventory.clock() where ${MATCHES}`, parameters(source, filter)));
    if (marked > 0) this.wakeUps.ring(POSTING_TOPIC);
    return marked;
  }

  /** Gives them up: they are never written by the hub, and the books differ from the ledger by them. Answers how many. */
  async discard(source: number, filter: HeldFilter): Promise<number> {
    for (let discarded = 0; ;) {
      const step = await this.database.once(async (tx) => {
        // The book's row first, as whoever settles takes it first.
        await tx.query('select from inventory.posting_book where source_id = $1 for update', [source]);
        const rows = await tx.query<{ id: number }>(`select id from inventory.held_posting where ${MATCHES} order by id limit $5`, [...parameters(source, filter), STEP]);
        await tx.execute('delete from inventory.held_posting where id = any ($1::bigint[])', [numberArray(rows.map(({ id }) => id))]);
        await tx.execute('update inventory.posting_book set discarded = discarded + $2 where source_id = $1', [source, rows.length]);
        return rows.length;
      });
      discarded += step;
      if (step < STEP) return discarded;
    }
  }
}

function parameters(source: number, { id, class: ofClass, cause }: HeldFilter): unknown[] {
  return [source, id ?? null, ofClass ?? null, cause ?? null];
}
