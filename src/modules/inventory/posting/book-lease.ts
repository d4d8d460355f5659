import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { storable } from '../../../core/intake/exceptions/causes.js';
import { Database } from '../../../core/persistence/database.js';
import type { LedgerPosition } from '../ledger/read-ledger.js';
import { hold, letGo, type Holding } from './held-postings.js';
import { PostingMetrics } from './posting-metrics.js';

/** A book that this process may write into, until its lease runs out or somebody else holds a newer fence. */
export interface BookLease {
  readonly source: number;
  readonly fence: number;
  /** Everything in the ledger up to here is settled. */
  readonly cursor: LedgerPosition;
  readonly committedAfter: string | undefined;
  /** Calls that have failed one after the other. */
  readonly failures: number;
  readonly pauseMs: number;
}

/** A movement that the books have: since just now, as the connector found there, or because it changes nothing in them. */
export interface Written {
  readonly outcome: 'applied' | 'duplicate' | 'unchanged';
  /** When it was committed to the ledger, by the database's clock. */
  readonly recordedAt: Date;
}

/** What became of movements of a book. They are settled together or not at all. */
export interface Settlement {
  /** How far the ledger is settled by it; undefined where it is only about what was held. */
  readonly cursor: LedgerPosition | undefined;
  /** Whose connector was asked. */
  readonly plugin: string;
  /** Movements that the books have. */
  readonly written: readonly Written[];
  readonly hold: readonly Holding[];
  /** Places that are held no more. */
  readonly letGo: readonly Pick<LedgerPosition, 'batch' | 'n'>[];
}

export interface Setback {
  readonly waitMs: number;
  readonly note: string;
}

/** How long a worker may be silent about a book before another takes it over; one that lives renews it in time. */
const LEASE_SECONDS = 8;
export const BOOK_TERMS = { leaseMs: LEASE_SECONDS * 1_000, everyMs: 2_000 };

/** Who may write into which book: a lease by the database's clock and a fence that grows with each loan. */
@Injectable()
export class BookLeases {
  private readonly holder = randomUUID();

  constructor(
    private readonly database: Database,
    private readonly metrics: PostingMetrics,
  ) {}

  /** Undefined when the book is paused, rests after a failure, or is in somebody else's hands. */
  async claim(source: number): Promise<BookLease | undefined> {
    const [row] = await this.database.query<{ fence: number; tx: string; batch: number; n: number; committedAfter: string | null; failures: number; pauseMs: number }>(
      `update inventory.posting_book b set fence = b.fence + 1, holder = $2, claimed_until = inventory.clock() + make_interval(secs => $3)
        where b.source_id = $1 and b.state = 'running' and b.not_before <= inventory.clock() and (b.claimed_until <= inventory.clock() or b.holder = $2)
       returning b.fence, b.cursor_tx::text as tx, b.cursor_batch as batch, b.cursor_n as n, b.starts_after::text as "committedAfter", b.failures, b.pause_ms as "pauseMs"`,
      [source, this.holder, LEASE_SECONDS],
    );
    if (!row) return undefined;
    const { fence, tx, batch, n, committedAfter, failures, pauseMs } = row;
    return { source, fence, cursor: { tx: Number(tx), batch, n }, committedAfter: committedAfter ?? undefined, failures, pauseMs };
  }

  /** Whether it is still ours: one that ran out is, as long as nobody has taken it. */
  async renew({ source, fence }: BookLease): Promise<boolean> {
    return (await this.database.execute('update inventory.posting_book set claimed_until = inventory.clock() + make_interval(secs => $3) where source_id = $1 and fence = $2', [source, fence, LEASE_SECONDS])) > 0;
  }

  async giveBack({ source, fence }: BookLease): Promise<void> {
    await this.database.execute(`update inventory.posting_book set claimed_until = '-infinity' where source_id = $1 and fence = $2`, [source, fence]);
  }

  /**
   * Writes what became of movements, and answers the lease to go on with: undefined when the book was paused, or when
   * somebody else holds it by now. In the latter case nothing is written: whoever has it hands the same keys over again,
   * and the books know them.
   */
  async settle(lease: BookLease, settled: Settlement): Promise<BookLease | undefined> {
    const { cursor = lease.cursor } = settled;
    // Where nothing was taken or refused, nothing says that the books are well again.
    const answered = settled.written.length > 0 || settled.hold.some((one) => one.class === 'REJECTED');
    const count = (outcome: Written['outcome']): number => settled.written.filter((one) => one.outcome === outcome).length;
    const book = await this.database.transaction(async (tx) => {
      const [ours] = await tx.query<{ state: string; now: Date }>(
        `update inventory.posting_book set cursor_tx = $3::xid8, cursor_batch = $4, cursor_n = $5, applied = applied + $6, duplicate = duplicate + $7, unchanged = unchanged + $8,
                last_posted_at = case when $6 + $7 + $8 > 0 then clock_timestamp() else last_posted_at end,
                failures = case when $10 then 0 else failures end, pause_ms = case when $10 then 0 else pause_ms end,
                last_error = case when $10 then null else last_error end, last_error_at = case when $10 then null else last_error_at end,
                claimed_until = inventory.clock() + make_interval(secs => $9)
          where source_id = $1 and fence = $2 returning state, clock_timestamp() as now`,
        [lease.source, lease.fence, String(cursor.tx), cursor.batch, cursor.n, count('applied'), count('duplicate'), count('unchanged'), LEASE_SECONDS, answered],
      );
      if (!ours) return undefined;
      await letGo(tx, lease.source, settled.letGo);
      await hold(tx, lease.source, settled.hold);
      return ours;
    });
    if (book) this.metrics.settled(lease.source, { plugin: settled.plugin, written: settled.written, held: settled.hold.length, at: book.now });
    return book?.state === 'running' ? { ...lease, cursor, ...(answered ? { failures: 0, pauseMs: 0 } : {}) } : undefined;
  }

  /** Nothing could be written: gives the book back and lets it rest. The same movements come again, with the same keys. */
  async setBack({ source, fence }: BookLease, { waitMs, note }: Setback): Promise<void> {
    await this.database.execute(
      `update inventory.posting_book set failures = failures + 1, pause_ms = $3::int, not_before = inventory.clock() + make_interval(secs => $3::int / 1000.0), claimed_until = '-infinity',
              last_error = $4, last_error_at = coalesce(last_error_at, clock_timestamp())
        where source_id = $1 and fence = $2`,
      [source, fence, Math.round(waitMs), storable(note)],
    );
  }
}
