import { Injectable } from '@nestjs/common';
import { Metrics } from '../observability/metrics.js';
import { Database } from '../persistence/database.js';

const BATCH_SIZES = [1, 2, 5, 10, 25, 50, 100, 250, 500];
const GAUGES_EVERY_MS = 5_000;

/** Why a delivery was turned away at the door. */
export type Refusal = 'unknown-connection' | 'no-secret' | 'unsigned' | 'forged' | 'stale' | 'misdeclared' | 'malformed' | 'disabled' | 'overloaded';

interface Backlog {
  readonly pending: number;
  readonly oldestSeconds: number;
  readonly held: number;
  readonly exceptions: number;
}

/** What an operator watches of the intake. Backlog figures are read from the database, at most every few seconds. */
@Injectable()
export class IntakeMetrics {
  private readonly received;
  private readonly refusals;
  private readonly batches;
  private readonly stages;
  private readonly events;
  private backlog: Promise<Backlog> | undefined;
  private readAt = -Infinity;

  constructor(metrics: Metrics, private readonly database: Database) {
    this.received = metrics.counter({ name: 'crossdock_intake_deliveries_total', help: 'Verified deliveries, by whether they were new.', labels: ['result'] });
    this.refusals = metrics.counter({ name: 'crossdock_intake_refused_total', help: 'Deliveries turned away at the door.', labels: ['reason'] });
    this.batches = metrics.histogram({ name: 'crossdock_intake_batch_deliveries', help: 'Deliveries taken from the inbox in one batch of one connection.', buckets: BATCH_SIZES });
    this.stages = metrics.histogram({ name: 'crossdock_intake_stage_duration_seconds', help: 'How long one batch took in one stage: claim, parse, record, finish.', labels: ['stage'] });
    this.events = metrics.counter({ name: 'crossdock_intake_events_total', help: 'Canonical events by what became of them.', labels: ['result'] });
    const gauge = (name: string, help: string, pick: (backlog: Backlog) => number): void => {
      metrics.gauge({ name, help, collect: async (metric) => metric.set(pick(await this.current())) });
    };
    gauge('crossdock_intake_backlog_deliveries', 'Deliveries that wait in the inbox.', (backlog) => backlog.pending);
    gauge('crossdock_intake_oldest_seconds', 'Age of the oldest delivery that waits in the inbox.', (backlog) => backlog.oldestSeconds);
    gauge('crossdock_intake_held_events', 'Events and deliveries that exceptions hold back.', (backlog) => backlog.held);
    gauge('crossdock_intake_open_exceptions', 'Exceptions that are open.', (backlog) => backlog.exceptions);
  }

  stored(arrived: number, fresh: number): void {
    if (fresh > 0) this.received.inc({ result: 'accepted' }, fresh);
    if (arrived > fresh) this.received.inc({ result: 'duplicate' }, arrived - fresh);
  }

  refused(reason: Refusal): void {
    this.refusals.inc({ reason });
  }

  claimed(deliveries: number): void {
    this.batches.observe(deliveries);
  }

  became(result: 'applied' | 'repeated' | 'held' | 'invalid', count: number): void {
    if (count > 0) this.events.inc({ result }, count);
  }

  /** Runs `work` and notes how long it took, whether it succeeds or not. */
  async timed<T>(stage: 'claim' | 'parse' | 'record' | 'finish', work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      this.stages.observe({ stage }, (performance.now() - startedAt) / 1_000);
    }
  }

  private current(): Promise<Backlog> {
    if (!this.backlog || performance.now() - this.readAt > GAUGES_EVERY_MS) {
      this.readAt = performance.now();
      this.backlog = this.read();
      this.backlog.catch(() => (this.backlog = undefined));
    }
    return this.backlog;
  }

  private async read(): Promise<Backlog> {
    const [row] = await this.database.query<Backlog>(`
      select (select count(*) from intake.pending) as pending,
             coalesce((select extract(epoch from intake.clock() - d.received_at)::float8 from intake.delivery d where d.id = (select min(delivery_id) from intake.pending)), 0) as "oldestSeconds",
             coalesce((select sum(held)::bigint from intake.exception where state = 'open'), 0) as held,
             (select count(*) from intake.exception where state = 'open') as exceptions`);
    return row ?? { pending: 0, oldestSeconds: 0, held: 0, exceptions: 0 };
  }
}
