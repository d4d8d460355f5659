import { Injectable } from '@nestjs/common';
import { Metrics } from '../../../core/observability/metrics.js';
import { Database } from '../../../core/persistence/database.js';
import { LAG_BUCKETS } from '../inventory-metrics.js';

interface Settled {
  readonly plugin: string;
  readonly written: readonly { readonly outcome: string; readonly recordedAt: Date }[];
  readonly held: number;
  /** By the clock that dates the ledger. */
  readonly at: Date;
}

/** How posting is doing, by the connection's number as a source of facts. */
@Injectable()
export class PostingMetrics {
  private readonly postings;
  private readonly lag;

  constructor(metrics: Metrics, database: Database) {
    this.postings = metrics.counter({ name: 'crossdock_posting_movements_total', help: 'Movements handed over to books, by connection number and outcome', labels: ['connection', 'outcome'] });
    this.lag = metrics.histogram({ name: 'crossdock_posting_lag_seconds', help: 'From the commit of a movement in the ledger to the books having it: applied, duplicate (they had it already), unchanged (it changes nothing there)', labels: ['plugin', 'outcome'], buckets: LAG_BUCKETS });
    metrics.reading(() => database.query<{ source: number; seconds: number }>(`
      select b.source_id as source, greatest(0, coalesce(extract(epoch from clock_timestamp() - o.recorded_at), 0))::float8 as seconds from inventory.posting_book b left join lateral (${OLDEST}) o on true`))
      .gauge({ name: 'crossdock_posting_oldest_seconds', help: 'Age of the oldest entry of the ledger that a book has not settled, by connection number; 0 when it has settled all', labels: ['connection'] },
        (books) => books.map(({ source, seconds }) => [{ connection: source }, seconds]));
    metrics.reading(() => database.query<{ source: number; class: string; held: number }>('select source_id as source, class, count(*) as held from inventory.held_posting group by 1, 2'))
      .gauge({ name: 'crossdock_posting_held', help: 'Movements that are held back from books, by connection number and class', labels: ['connection', 'class'] },
        (rows) => rows.map((row) => [{ connection: row.source, class: row.class }, row.held]));
  }

  settled(source: number, { plugin, written, held, at }: Settled): void {
    const connection = String(source);
    for (const { outcome, recordedAt } of written) {
      this.postings.inc({ connection, outcome });
      this.lag.observe({ plugin, outcome }, Math.max(0, at.getTime() - recordedAt.getTime()) / 1_000);
    }
    if (held > 0) this.postings.inc({ connection, outcome: 'held' }, held);
  }
}

/** The first entry behind the cursor of book `b`, as far as the feed is served. */
export const OLDEST = `
  select l.recorded_at from inventory.ledger_batch l join inventory.movement m on m.batch_id = l.id
   where (l.tx, l.id) >= (b.cursor_tx, b.cursor_batch) and (l.tx, l.id, m.n) > (b.cursor_tx, b.cursor_batch, b.cursor_n) and l.tx < pg_snapshot_xmin(pg_current_snapshot())
     and (b.starts_after is null or not pg_visible_in_snapshot(l.tx, b.starts_after))
   order by l.tx, l.id, m.n limit 1`;
