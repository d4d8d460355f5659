import { Injectable } from '@nestjs/common';
import type { Connection } from '../../connector/connection.js';
import { HubError } from '../../errors/index.js';
import { failing, storable, unreadable } from '../exceptions/causes.js';
import { deliveryKey, eventKey, type Holding } from '../exceptions/hold-back.js';
import { Tracing } from '../../observability/tracing/tracing.js';
import { IntakeMetrics } from '../intake-metrics.js';
import type { ClaimedDelivery, LaneClaim, LaneReturn, Postponed, Settled } from '../lanes.js';
import { nextPauseMs } from './backoff.js';
import { blamesFact, wordsOf } from './failures.js';
import { isolate } from './isolate.js';
import { ReadDeliveries, type Reading } from './read-deliveries.js';
import { RecordEvents, type EventOutcome } from './record-events.js';

/** A batch is tried whole so often before it is taken apart: most failures are passing ones. */
const WHOLE_TRIES = 2;
/** A delivery that fails while others of its lane succeed is given up after so many tries; one that has no others to compare with, later. */
const TRIES_AMONG_OTHERS = 3;
const TRIES_ALONE = 10;
const DELIVERY_PAUSE = { baseMs: 500, capMs: 60_000 };

/** What reads a delivery, the connector, and what records its events, the ledger. */
type Stage = 'read' | 'record';
type Known = { readonly kind: 'outcomes'; readonly reading: Reading; readonly outcomes: readonly EventOutcome[] } | { readonly kind: 'broke'; readonly stage: Stage; readonly error: unknown };

export interface LaneWork extends Omit<LaneReturn, 'claim' | 'blocked'> {
  /** Why the connector did not get to see the rest. */
  readonly stopped?: unknown;
}

/** Reads and records the deliveries of one lane, and says what is to be written about each of them. */
@Injectable()
export class WorkLane {
  /** By stage and source: when this process last saw deliveries of the lane pass, on the monotonic clock. */
  private readonly passedAt: Readonly<Record<Stage, Map<number, number>>> = { read: new Map(), record: new Map() };

  constructor(
    private readonly reader: ReadDeliveries,
    private readonly recorder: RecordEvents,
    private readonly metrics: IntakeMetrics,
    private readonly tracing: Tracing,
  ) {}

  /**
   * Repeating it is harmless. A delivery that is in none of the answer's lists stays in the queue as it is; `stopped` says why.
   * Throws when the lane as a whole has to wait: then nothing is known of any delivery.
   */
  work(connection: Connection, claim: LaneClaim): Promise<LaneWork> {
    const { deliveries } = claim;
    return this.tracing.batch(
      () => ({ name: 'inbox.batch', part: 'delivery.read', kind: 'consumer', of: deliveries.map(({ correlationId }) => correlationId), attributes: { 'crossdock.connection': connection.id, 'crossdock.deliveries': deliveries.length } }),
      () => this.workOff(connection, claim),
      ({ settled, postponed, holdings }) => ({ 'crossdock.settled': settled.length, 'crossdock.postponed': postponed.length, 'crossdock.held': holdings.length }),
    );
  }

  private async workOff(connection: Connection, claim: LaneClaim): Promise<LaneWork> {
    const apart = claim.failures >= WHOLE_TRIES;
    const { readings, answered, stopped } = await this.metrics.timed('parse', () => this.reader.read(connection, claim.deliveries, apart));
    const deliveries = claim.deliveries.filter(({ id }) => readings.has(id));
    const read = deliveries.map(({ id }) => readings.get(id) as Reading);
    const known = await this.metrics.timed('record', () => this.recordAll(connection, deliveries, read, apart || deliveries.some(({ attempts }) => attempts > 0)));
    const now = performance.now();
    if (answered) this.passedAt.read.set(claim.sourceId, now);
    if (known.some((one) => one.kind === 'outcomes' && one.outcomes.length > 0)) this.passedAt.record.set(claim.sourceId, now);
    const settled: Settled[] = [];
    const postponed: Postponed[] = [];
    const holdings: Holding[] = [];
    deliveries.forEach((delivery, index) => {
      const one = known[index] as Known;
      if (one.kind === 'outcomes') settled.push(this.settle(connection, delivery, one.reading, one.outcomes, holdings));
      else if (delivery.attempts + 1 < this.patienceWith(claim, delivery, one.stage, now)) postponed.push(postpone(delivery, one.error));
      else settled.push(giveUp(connection, delivery, one.error, holdings));
    });
    return { plugin: connection.plugin, settled, postponed, holdings, stopped };
  }

  /**
   * How many tries a delivery gets. Only what others managed shows that a failure is its own: beside it now, or since it failed
   * before, which is at least its pause ago. (On a quiet lane hardly ever two come in one batch.)
   */
  private patienceWith({ sourceId }: LaneClaim, { pauseMs }: ClaimedDelivery, stage: Stage, now: number): number {
    const othersSince = (this.passedAt[stage].get(sourceId) ?? -Infinity) >= now - pauseMs;
    return othersSince ? TRIES_AMONG_OTHERS : TRIES_ALONE;
  }

  private async recordAll(connection: Connection, deliveries: readonly ClaimedDelivery[], readings: readonly Reading[], mayHalve: boolean): Promise<Known[]> {
    const read = readings.flatMap((reading, index) => (reading.kind === 'broke' ? [] : [{ reading, delivery: deliveries[index] as ClaimedDelivery, index }]));
    const run = (part: typeof read): Promise<EventOutcome[][]> => this.recordOf(connection, part);
    const recorded = mayHalve ? await isolate(read, (part) => run([...part]), blamesFact) : (await run(read)).map((value) => ({ kind: 'ok' as const, value }));
    const known: Known[] = readings.map((reading) => (reading.kind === 'broke' ? { ...reading, stage: 'read' } : { kind: 'outcomes', reading, outcomes: [] }));
    recorded.forEach((result, place) => {
      const { index, reading } = read[place] as (typeof read)[number];
      known[index] = result.kind === 'ok' ? { kind: 'outcomes', reading, outcomes: result.value } : { kind: 'broke', stage: 'record', error: result.error };
    });
    return known;
  }

  /** The outcomes of each delivery's events; one call for all of them. */
  private async recordOf(connection: Connection, part: readonly { reading: Reading; delivery: ClaimedDelivery }[]): Promise<EventOutcome[][]> {
    const entries = part.flatMap(({ reading, delivery }) => (reading.kind === 'events' ? reading.events.map((event) => ({ event, correlationId: delivery.correlationId })) : []));
    const outcomes = entries.length === 0 ? [] : await this.recorder.record(connection, entries);
    let start = 0;
    return part.map(({ reading }) => (reading.kind === 'events' ? outcomes.slice(start, (start += reading.events.length)) : []));
  }

  private settle(connection: Connection, delivery: ClaimedDelivery, reading: Reading, outcomes: readonly EventOutcome[], holdings: Holding[]): Settled {
    const base = { deliveryId: delivery.id, applied: 0, repeated: 0 };
    if (reading.kind === 'ignored') return { ...base, state: 'ignored', reason: storable(reading.reason) };
    if (reading.kind === 'failed') return { ...base, ...this.failed(connection, delivery, [reading.reason], holdings) };
    const events = reading.kind === 'events' ? reading.events : [];
    const count = (kind: EventOutcome['kind']): number => outcomes.filter((outcome) => outcome.kind === kind).length;
    const [applied, repeated, held] = [count('applied'), count('repeated'), count('held')];
    outcomes.forEach((outcome, index) => {
      const event = events[index];
      if (outcome.kind !== 'held' || !event) return;
      holdings.push({ sourceId: connection.sourceId, key: eventKey(event), deliveryId: delivery.id, event, correlationId: delivery.correlationId, causes: outcome.causes });
    });
    const invalid = outcomes.flatMap((outcome, index) => (outcome.kind === 'invalid' ? [`event ${index + 1}: ${outcome.reason}`] : []));
    this.metrics.became('applied', applied);
    this.metrics.became('repeated', repeated);
    this.metrics.became('held', held);
    this.metrics.became('invalid', invalid.length);
    if (invalid.length > 0) return { ...base, applied, repeated, ...this.failed(connection, delivery, invalid, holdings) };
    return { ...base, applied, repeated, state: held > 0 ? 'parked' : 'done', reason: null };
  }

  private failed(connection: Connection, delivery: ClaimedDelivery, reasons: readonly string[], holdings: Holding[]): Pick<Settled, 'state' | 'reason'> {
    const causes = [...new Map(reasons.map((reason) => unreadable(delivery.topic, reason)).map((cause) => [cause.cause, cause])).values()];
    holdings.push({ sourceId: connection.sourceId, key: deliveryKey(delivery.id), deliveryId: delivery.id, event: null, correlationId: delivery.correlationId, causes });
    return { state: 'failed', reason: storable(reasons.join('; ')) };
  }
}

function postpone(delivery: ClaimedDelivery, error: unknown): Postponed {
  return { deliveryId: delivery.id, attempts: delivery.attempts + 1, pauseMs: nextPauseMs(delivery.pauseMs, DELIVERY_PAUSE), error: wordsOf(error) };
}

function giveUp(connection: Connection, delivery: ClaimedDelivery, error: unknown, holdings: Holding[]): Settled {
  const reason = wordsOf(error);
  const cause = failing(error instanceof HubError ? error.code : 'INTERNAL', delivery.topic, reason);
  holdings.push({ sourceId: connection.sourceId, key: deliveryKey(delivery.id), deliveryId: delivery.id, event: null, correlationId: delivery.correlationId, causes: [cause] });
  return { deliveryId: delivery.id, state: 'failed', applied: 0, repeated: 0, reason };
}
