import { Injectable } from '@nestjs/common';
import { Metrics } from '../../core/observability/metrics.js';
import { Database } from '../../core/persistence/database.js';

const LAG_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600];

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
    this.lag = metrics.histogram({ name: 'crossdock_publication_lag_seconds', help: 'From the change of a figure to its acknowledgement by the channel', labels: ['channel'], buckets: LAG_BUCKETS });
    metrics.gauge({
      name: 'crossdock_publication_oldest_seconds', help: 'Age of the oldest figure that a channel has not been told, by channel number', labels: ['channel'],
      collect: async (gauge) => {
        gauge.reset();
        const rows = await database.query<{ channel: number; seconds: number }>('select channel_id as channel, extract(epoch from clock_timestamp() - min(since))::float8 as seconds from inventory.dirty group by 1').catch(() => []);
        for (const { channel, seconds } of rows) gauge.set({ channel: String(channel) }, seconds);
      },
    });
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

  handled(channel: number, result: string): void {
    this.figures.inc({ channel: String(channel), result });
  }

  told(channel: number, lagMs: number): void {
    this.lag.observe({ channel: String(channel) }, lagMs / 1_000);
  }
}
