import { Injectable } from '@nestjs/common';
import { Metrics } from '../../core/observability/metrics.js';
import { Database } from '../../core/persistence/database.js';

/** From a moment to an hour: a queue that stands still is to be told from one that is slow. */
export const LAG_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600];

interface Holds {
  readonly held: number;
  readonly overdue: number;
  readonly seconds: number;
  readonly negative: number;
}

/** Of what holds stock, in an index of its own, and of what should not be. */
const HOLDS = `
  select count(*) as held, count(*) filter (where expires_at <= clock_timestamp()) as overdue, greatest(0, coalesce(extract(epoch from clock_timestamp() - min(expires_at)), 0))::float8 as seconds,
         (select count(*) from inventory.negative_stock) as negative
    from inventory.reservation where state = 1`;

/** How the line is doing, in numbers that an alarm can be set on. */
@Injectable()
export class InventoryMetrics {
  private readonly facts;
  private readonly batch;
  private readonly figures;
  private readonly lag;

  constructor(metrics: Metrics, database: Database) {
    this.facts = metrics.counter({ name: 'crossdock_ledger_facts_total', help: 'Movements and counts brought to the ledger, by outcome', labels: ['fact', 'outcome'] });
    this.batch = metrics.histogram({ name: 'crossdock_ledger_batch_seconds', help: 'Time to write one batch of facts, with everything that follows from it', labels: ['fact'] });
    this.figures = metrics.counter({ name: 'crossdock_publication_figures_total', help: 'Figures handled by the publisher, by channel number and result', labels: ['channel', 'result'] });
    this.lag = metrics.histogram({ name: 'crossdock_publication_lag_seconds', help: 'From the change of a figure to what the channel made of it: told, unchanged (it knew), refused', labels: ['plugin', 'outcome'], buckets: LAG_BUCKETS });
    metrics.reading(() => database.query<{ channel: number; figures: number; seconds: number }>(
      'select channel_id as channel, count(*) as figures, extract(epoch from clock_timestamp() - min(since))::float8 as seconds from inventory.dirty group by 1'))
      .gauge({ name: 'crossdock_publication_backlog_figures', help: 'Figures that a channel has not been told, by channel number', labels: ['channel'] }, (rows) => rows.map(({ channel, figures }) => [{ channel }, figures]))
      .gauge({ name: 'crossdock_publication_oldest_seconds', help: 'Age of the oldest figure that a channel has not been told, by channel number', labels: ['channel'] }, (rows) => rows.map(({ channel, seconds }) => [{ channel }, seconds]));
    metrics.reading(() => database.query<{ channel: number; paused: number; failures: number }>(`select channel_id as channel, (state = 'paused')::int as paused, failures from inventory.publication`))
      .gauge({ name: 'crossdock_publication_paused', help: '1 where somebody paused publishing to a channel, by channel number', labels: ['channel'] }, (rows) => rows.map(({ channel, paused }) => [{ channel }, paused]))
      .gauge({ name: 'crossdock_publication_failures', help: 'Batches in a row of which a channel took nothing, by channel number', labels: ['channel'] }, (rows) => rows.map(({ channel, failures }) => [{ channel }, failures]));
    metrics.reading(() => database.query<Holds>(HOLDS))
      .gauge({ name: 'crossdock_reservations_held', help: 'Reservations that hold stock' }, ([row]) => row?.held ?? [])
      .gauge({ name: 'crossdock_reservations_overdue', help: 'Reservations that hold stock beyond their end' }, ([row]) => row?.overdue ?? [])
      .gauge({ name: 'crossdock_reservations_overdue_seconds', help: 'How far beyond its end the reservation is that is furthest; 0 where none is' }, ([row]) => row?.seconds ?? [])
      .gauge({ name: 'crossdock_stock_negative_accounts', help: 'Items and accounts whose stock is below nought' }, ([row]) => row?.negative ?? []);
  }

  async timed<Value>(fact: 'movement' | 'count', write: () => Promise<Value>): Promise<Value> {
    const end = this.batch.startTimer({ fact });
    try {
      return await write();
    } finally {
      end();
    }
  }

  recorded(fact: 'movement' | 'count', outcome: string): void {
    this.facts.inc({ fact, outcome });
  }

  /** What became of a figure, and how long after it changed. A figure that is told `later` has not come to its end. */
  handled({ channel, plugin, result, lagMs }: { readonly channel: number; readonly plugin: string; readonly result: string; readonly lagMs: number }): void {
    this.figures.inc({ channel: String(channel), result });
    if (result !== 'later') this.lag.observe({ plugin, outcome: result }, lagMs / 1_000);
  }
}
