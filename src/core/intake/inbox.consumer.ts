import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ConnectionDirectory } from '../connector/connection-directory.js';
import { HubError } from '../errors/index.js';
import { WakeUps } from '../orchestration/wake-ups.js';
import { Coalescer } from '../persistence/coalescer.js';
import { nextPauseMs } from './facts/backoff.js';
import { wordsOf } from './facts/failures.js';
import { WorkLane } from './facts/work-lane.js';
import { Inbox, INTAKE_TOPIC } from './inbox.js';
import { Lanes, RENEW_EVERY_MS, type LaneClaim, type LaneReturn } from './lanes.js';

const LIMITS = { lanes: 16, deliveries: 250, bytes: 2 * 1_024 * 1_024 };
/** Lanes in flight at once; each may hold LIMITS.bytes of bodies. */
const MOST_IN_FLIGHT = 32;
const LANE_PAUSE = { baseMs: 250, capMs: 60_000 };
/** How soon a connection that is off (or gone) is looked at again, should nobody say that it changed. */
const OFF_PAUSE_MS = 30_000;
const AFTER_OUTAGE_MS = 1_000;
/** While lanes are in flight, claims are gathered for so long: fewer and larger batches cost less, and an idle hub waits for nothing. */
const GATHER_MS = 15;
/** While there is a crowd at the door, a lane rests so many times as long as it worked: what was accepted can wait, a sender cannot. */
const REST_FACTOR = 3;
const LONGEST_REST_MS = 500;
const SWEEP_EVERY_MS = 5_000;

/** A lane that this process is serving, or that it has given back and lets rest. */
interface Flight {
  readonly claim: LaneClaim;
  done: Promise<void>;
  resting: boolean;
}

/**
 * Empties the inbox: lends lanes from the database, works several at a time and gives them back with what became of each
 * delivery. A lane has one batch in flight, so a slow or broken connector holds up its own connection only. Between
 * recording and giving back lies no transaction: after a crash a batch is done again, and the ledger knows its facts.
 */
@Injectable()
export class InboxConsumer implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(InboxConsumer.name);
  private readonly inFlight = new Map<number, Flight>();
  /** Lanes that finish together are written together. */
  private readonly returns = new Coalescer<LaneReturn, void>(async (batch) => {
    await this.lanes.giveBack(batch);
    return batch.map(() => undefined);
  }, MOST_IN_FLIGHT);
  private renewal: NodeJS.Timeout | undefined;
  private gathering: NodeJS.Timeout | undefined;
  private claimedAt = -Infinity;
  private stopping = false;

  constructor(
    private readonly lanes: Lanes,
    private readonly worker: WorkLane,
    private readonly connections: ConnectionDirectory,
    private readonly wakeUps: WakeUps,
    private readonly inbox: Inbox,
  ) {}

  onModuleInit(): void {
    this.wakeUps.on(INTAKE_TOPIC, () => this.lend(), { sweepEveryMs: SWEEP_EVERY_MS });
    this.connections.onChanged((connection) => {
      const hurried = this.lanes.hurry(connection.sourceId).then(() => this.wakeUps.ring(INTAKE_TOPIC));
      hurried.catch((error: unknown) => this.logger.warn(`Connection '${connection.id}' changed, and its lane could not be told: ${wordsOf(error)}`));
    });
    this.renewal = setInterval(() => void this.renew(), RENEW_EVERY_MS).unref();
  }

  /** Takes no more work and waits for what is in flight; a lane that does not come back in time is found by its lease. */
  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    clearInterval(this.renewal);
    clearTimeout(this.gathering);
    await this.idle();
  }

  /** Takes what waits, as far as there is room. Work goes on beside it; each lane that ends makes room and rings again. */
  async lend(): Promise<void> {
    const room = MOST_IN_FLIGHT - this.inFlight.size;
    if (this.stopping || room <= 0) return;
    const early = this.claimedAt + GATHER_MS - performance.now();
    if (early > 0 && this.inFlight.size > 0) return this.gather(early);
    this.claimedAt = performance.now();
    const claims = await this.lanes.claim([...this.inFlight.keys()], { ...LIMITS, lanes: Math.min(room, LIMITS.lanes) });
    for (const claim of claims) {
      const flight: Flight = { claim, done: Promise.resolve(), resting: false };
      this.inFlight.set(claim.sourceId, flight);
      flight.done = this.serve(flight);
    }
  }

  /** Resolves when no lane is in flight in this process. */
  async idle(): Promise<void> {
    while (this.inFlight.size > 0) await Promise.all([...this.inFlight.values()].map(({ done }) => done));
  }

  private async serve(flight: Flight): Promise<void> {
    const { claim } = flight;
    const startedAt = performance.now();
    let again = 0;
    try {
      const result = await this.work(claim);
      await this.returns.submit(result);
      const pauses = [result.blocked?.pauseMs ?? 0, ...result.postponed.map(({ pauseMs }) => pauseMs)].filter((pauseMs) => pauseMs > 0);
      if (pauses.length > 0) this.ringIn(Math.min(...pauses));
      if (this.inbox.crowded) await this.rest(flight, REST_FACTOR * (performance.now() - startedAt));
    } catch (error) {
      // Nothing was written: the lane is still lent to this process, which takes it again when the database is back.
      this.logger.warn(`A batch of source ${claim.sourceId} could not be finished and is done again: ${wordsOf(error)}`);
      again = AFTER_OUTAGE_MS;
    }
    this.inFlight.delete(claim.sourceId);
    this.ringIn(again);
  }

  private async work(claim: LaneClaim): Promise<LaneReturn> {
    try {
      const connection = await this.connections.bySource(claim.sourceId);
      if (!connection?.enabled) return { ...nothing(claim), blocked: { pauseMs: OFF_PAUSE_MS, error: 'the connection is switched off or gone', counts: false } };
      const { stopped, ...result } = await this.worker.work(connection, claim);
      return { claim, ...result, ...(stopped === undefined ? {} : { blocked: this.pause(claim, stopped) }) };
    } catch (error) {
      return { ...nothing(claim), blocked: this.pause(claim, error) };
    }
  }

  /** How long a lane waits after a failure of its own: longer each time, and at least as long as the failure asks for. */
  private pause(claim: LaneClaim, error: unknown): NonNullable<LaneReturn['blocked']> {
    const asked = error instanceof HubError ? (error.details.retryAfterSeconds ?? 0) * 1_000 : 0;
    const pauseMs = Math.max(asked, nextPauseMs(claim.pauseMs, LANE_PAUSE));
    if (claim.failures === 0) this.logger.warn(`Source ${claim.sourceId} waits ${pauseMs} ms: ${wordsOf(error)}`);
    return { pauseMs, error: wordsOf(error), counts: true };
  }

  private async renew(): Promise<void> {
    const claims = [...this.inFlight.values()].filter(({ resting }) => !resting).map(({ claim }) => claim);
    if (claims.length === 0) return;
    await this.lanes.renew(claims).catch((error: unknown) => this.logger.warn(`Leases could not be renewed: ${wordsOf(error)}`));
  }

  private async rest(flight: Flight, forMs: number): Promise<void> {
    flight.resting = true;
    if (!this.stopping) await new Promise((resolve) => setTimeout(resolve, Math.min(forMs, LONGEST_REST_MS)));
  }

  private gather(forMs: number): void {
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined;
      this.ringIn(0);
    }, forMs);
  }

  private ringIn(pauseMs: number): void {
    if (this.stopping) return;
    if (pauseMs === 0) this.wakeUps.ring(INTAKE_TOPIC);
    else setTimeout(() => this.wakeUps.ring(INTAKE_TOPIC), pauseMs + 5).unref();
  }
}

function nothing(claim: LaneClaim): LaneReturn {
  return { claim, settled: [], postponed: [], holdings: [] };
}
