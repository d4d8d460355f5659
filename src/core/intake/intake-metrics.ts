import { Injectable } from '@nestjs/common';
import { Metrics } from '../observability/metrics.js';
import { Database } from '../persistence/database.js';

const BATCH_SIZES = [1, 2, 5, 10, 25, 50, 100, 250, 500];
/** From a webhook that is read at once to a connector that is away for a day. */
const LAG_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400];

/** Why a delivery was turned away at the door. */
export type Refusal = 'unknown-connection' | 'no-secret' | 'unsigned' | 'forged' | 'stale' | 'misdeclared' | 'malformed' | 'disabled' | 'overloaded';

interface Backlog {
  readonly pending: number;
  readonly oldestSeconds: number;
}

interface OpenExceptions {
  readonly class: string;
  readonly exceptions: number;
  readonly held: number;
}

/** What an operator watches of the intake. */
@Injectable()
export class IntakeMetrics {
  private readonly received;
  private readonly refusals;
  private readonly batches;
  private readonly stages;
  private readonly events;
  private readonly lags;
  private readonly replays;

  constructor(metrics: Metrics, private readonly database: Database) {
    this.received = metrics.counter({ name: 'crossdock_intake_deliveries_total', help: 'Verified deliveries, by whether they were new.', labels: ['result'] });
    this.refusals = metrics.counter({ name: 'crossdock_intake_refused_total', help: 'Deliveries turned away at the door.', labels: ['reason'] });
    this.batches = metrics.histogram({ name: 'crossdock_intake_batch_deliveries', help: 'Deliveries taken from the inbox in one batch of one connection.', buckets: BATCH_SIZES });
    this.stages = metrics.histogram({ name: 'crossdock_intake_stage_duration_seconds', help: 'How long one batch took in one stage: claim, parse, record, finish.', labels: ['stage'] });
    this.events = metrics.counter({ name: 'crossdock_intake_events_total', help: 'Canonical events by what became of them.', labels: ['result'] });
    this.lags = metrics.histogram({ name: 'crossdock_intake_lag_seconds', help: 'From the acknowledgement of a delivery to what became of it, by that.', labels: ['plugin', 'state'], buckets: LAG_BUCKETS });
    this.replays = metrics.counter({ name: 'crossdock_intake_replays_total', help: 'Events that were held back and tried again: applied, moved (held for another reason now), waiting (for the same as before).', labels: ['outcome'] });
    metrics.reading(() => this.backlog())
      .gauge({ name: 'crossdock_intake_backlog_deliveries', help: 'Deliveries that wait in the inbox.' }, ({ pending }) => pending)
      .gauge({ name: 'crossdock_intake_oldest_seconds', help: 'Age of the oldest delivery that waits in the inbox; 0 where none does.' }, ({ oldestSeconds }) => oldestSeconds);
    metrics.reading(() => this.openExceptions())
      .gauge({ name: 'crossdock_intake_open_exceptions', help: 'Exceptions that are open, by class.', labels: ['class'] }, (open) => open.map((one) => [{ class: one.class }, one.exceptions]))
      .gauge({ name: 'crossdock_intake_held_events', help: 'Events and deliveries that exceptions hold back, by the class of the exception.', labels: ['class'] }, (open) => open.map((one) => [{ class: one.class }, one.held]));
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

  /** Deliveries of a connection of `plugin` came to an end. By two clocks, the database's and this process's, where they are on two machines. */
  settled(plugin: string, deliveries: readonly { readonly receivedAt: Date; readonly state: string }[]): void {
    const now = Date.now();
    for (const { receivedAt, state } of deliveries) this.lags.observe({ plugin, state }, Math.max(0, now - receivedAt.getTime()) / 1_000);
  }

  replayed(outcomes: Readonly<Record<'applied' | 'moved' | 'waiting', number>>): void {
    for (const [outcome, count] of Object.entries(outcomes)) if (count > 0) this.replays.inc({ outcome }, count);
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

  private async backlog(): Promise<Backlog> {
    const [row] = await this.database.query<Backlog>(`
      select (select count(*) from intake.pending) as pending,
             coalesce((select extract(epoch from intake.clock() - d.received_at)::float8 from intake.delivery d where d.id = (select min(delivery_id) from intake.pending)), 0) as "oldestSeconds"`);
    return row ?? { pending: 0, oldestSeconds: 0 };
  }

  private openExceptions(): Promise<OpenExceptions[]> {
    return this.database.query(`select class, count(*) as exceptions, sum(held)::bigint as held from intake.exception where state = 'open' group by class`);
  }
}
