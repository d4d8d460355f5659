import { Injectable } from '@nestjs/common';
import { HubError } from '../../../core/errors/index.js';
import { WakeUps } from '../../../core/orchestration/wake-ups.js';
import { Database } from '../../../core/persistence/database.js';
import { numberArray } from '../../../core/persistence/sql-array.js';
import { formatPosition, type LedgerPosition } from '../ledger/read-ledger.js';
import { OLDEST } from './posting-metrics.js';
import { POSTING_TOPIC } from './topic.js';

/** Where posting begins: with what is recorded from this moment on, with the ledger's first entry, or after a position of it. */
export type PostingStart = 'now' | 'beginning' | LedgerPosition;

export interface PostingBook {
  readonly state: 'running' | 'paused';
  readonly startedFrom: string;
  readonly startedAt: Date;
  readonly cursor: LedgerPosition;
  readonly counts: { readonly applied: number; readonly duplicate: number; readonly unchanged: number; readonly discarded: number };
  readonly lastPostedAt: Date | null;
  /** What stands in the way of the whole book, and when it is tried again; null while all is well. */
  readonly trouble: { readonly detail: string; readonly since: Date; readonly failures: number; readonly nextTryAt: Date } | null;
  readonly behind: { readonly entries: number; readonly atLeast: boolean; readonly oldestSeconds: number };
}

interface Row {
  source: number;
  state: PostingBook['state'];
  startedFrom: string;
  startedAt: Date;
  tx: string;
  batch: number;
  n: number;
  applied: number;
  duplicate: number;
  unchanged: number;
  discarded: number;
  lastPostedAt: Date | null;
  failures: number;
  notBefore: Date;
  lastError: string | null;
  lastErrorAt: Date | null;
  oldestSeconds: number | null;
  behind: number;
}

/** Counting a long backlog would take longer than the answer is worth. */
const MOST_COUNTED = 10_000;
/** So long another replica's books may go unseen: the sweep finds them anyway. */
const REMEMBER_MS = 1_000;

const BEHIND = OLDEST.replace('l.recorded_at', '1').replace('limit 1', `limit ${MOST_COUNTED + 1}`);

/** The books that movements are posted to: at most one a connection. */
@Injectable()
export class PostingBooks {
  private known: { readonly running: number[]; readonly at: number } | undefined;

  constructor(
    private readonly database: Database,
    private readonly wakeUps: WakeUps,
  ) {}

  /** Connections (by source number) whose book is open for writing. Rung at each commit, hence remembered for a moment. */
  async running(): Promise<readonly number[]> {
    if (!this.known || performance.now() - this.known.at > REMEMBER_MS) {
      const at = performance.now();
      const rows = await this.database.query<{ source: number }>(`select source_id as source from inventory.posting_book where state = 'running' order by 1`);
      this.known = { running: rows.map(({ source }) => source), at };
    }
    return this.known.running;
  }

  /** The state of every book, by its connection's source number. */
  async states(): Promise<ReadonlyMap<number, PostingBook['state']>> {
    const rows = await this.database.query<{ source: number; state: PostingBook['state'] }>('select source_id as source, state from inventory.posting_book');
    return new Map(rows.map(({ source, state }) => [source, state]));
  }

  async find(source: number): Promise<PostingBook | undefined> {
    return (await this.findAll([source])).get(source);
  }

  /** Those of them that are there. What each has still to do is counted, so ask for a page of them at most. */
  async findAll(sources: readonly number[]): Promise<ReadonlyMap<number, PostingBook>> {
    const rows = await this.database.query<Row>(
      `select b.source_id as source, b.state, b.started_from as "startedFrom", b.started_at as "startedAt", b.cursor_tx::text as tx, b.cursor_batch as batch, b.cursor_n as n, b.applied, b.duplicate, b.unchanged,
              b.discarded, b.last_posted_at as "lastPostedAt", b.failures, case when isfinite(b.not_before) then b.not_before else inventory.clock() end as "notBefore", b.last_error as "lastError", b.last_error_at as "lastErrorAt",
              (select extract(epoch from clock_timestamp() - o.recorded_at)::float8 from (${OLDEST}) o) as "oldestSeconds", (select count(*) from (${BEHIND}) o) as behind
         from inventory.posting_book b where b.source_id = any ($1::int[])`,
      [numberArray(sources)],
    );
    return new Map(rows.map((row) => [row.source, viewOf(row)]));
  }

  /**
   * Opens a connection's book. `restart` moves the cursor of one that is open already: what was posted before is known
   * by its keys, so going back is harmless; going forward leaves out what lies between.
   * @throws HubError CONFLICT when it is open and `restart` is not set; VALIDATION_FAILED when the ledger has not come as
   *   far as the position: nothing would be posted until it has, without a word.
   */
  async open(source: number, from: PostingStart, restart: boolean): Promise<void> {
    const position = typeof from === 'string' ? undefined : from;
    if (position && (await this.isAhead(position))) throw new HubError('VALIDATION_FAILED', { errors: [{ pointer: '/from', detail: 'lies beyond the end of the ledger' }] });
    const written = await this.database.once((tx) => tx.execute(
      `insert into inventory.posting_book as b (source_id, state, started_from, started_at, starts_after, cursor_tx, cursor_batch, cursor_n)
       values ($1, 'running', $2, clock_timestamp(), case when $2 = 'now' then pg_current_snapshot() end,
               case when $2 = 'now' then pg_snapshot_xmin(pg_current_snapshot()) else $3::xid8 end, $4, $5)
           on conflict (source_id) do update set state = 'running', started_from = excluded.started_from, started_at = excluded.started_at, starts_after = excluded.starts_after,
              cursor_tx = excluded.cursor_tx, cursor_batch = excluded.cursor_batch, cursor_n = excluded.cursor_n, fence = b.fence + 1, claimed_until = '-infinity',
              failures = 0, pause_ms = 0, not_before = '-infinity', last_error = null, last_error_at = null
        where $6`,
      [source, position ? formatPosition(position) : from, String(position?.tx ?? 0), position?.batch ?? 0, position?.n ?? -1, restart],
    ));
    if (written === 0) throw new HubError('CONFLICT', { detail: 'Posting is switched on already. `restart: true` moves it to another position of the ledger.' });
    this.changed();
  }

  /** A batch that is under way is still settled. Answers whether there is such a book. */
  async setState(source: number, state: PostingBook['state']): Promise<boolean> {
    const written = await this.database.execute(
      `update inventory.posting_book set state = $2, not_before = case when $2 = 'running' then '-infinity' else not_before end where source_id = $1`, [source, state]);
    this.changed();
    return written > 0;
  }

  /** Something about the connection has changed: whatever made its book rest may be over. */
  async wake(source: number): Promise<void> {
    const written = await this.database.execute(`update inventory.posting_book set not_before = '-infinity' where source_id = $1 and not_before > inventory.clock()`, [source]);
    if (written > 0) this.wakeUps.ring(POSTING_TOPIC);
  }

  private async isAhead({ tx }: LedgerPosition): Promise<boolean> {
    return (await this.database.query('select where $1::xid8 >= pg_snapshot_xmax(pg_current_snapshot())', [String(tx)])).length > 0;
  }

  private changed(): void {
    this.known = undefined;
    this.wakeUps.ring(POSTING_TOPIC);
  }
}

function viewOf(row: Row): PostingBook {
  const { state, startedFrom, startedAt, tx, batch, n, applied, duplicate, unchanged, discarded, lastPostedAt, failures, notBefore, lastError, lastErrorAt, oldestSeconds, behind } = row;
  return {
    state, startedFrom, startedAt, cursor: { tx: Number(tx), batch, n }, counts: { applied, duplicate, unchanged, discarded }, lastPostedAt,
    trouble: lastError === null || lastErrorAt === null ? null : { detail: lastError, since: lastErrorAt, failures, nextTryAt: notBefore },
    behind: { entries: Math.min(behind, MOST_COUNTED), atLeast: behind > MOST_COUNTED, oldestSeconds: Math.max(0, oldestSeconds ?? 0) },
  };
}
