import { InjectQueue } from '@nestjs/bullmq';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Queue } from 'bullmq';
import { invariant } from '../errors/index.js';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { SingleFlight } from './single-flight.js';

export const WAKE_UP_QUEUE = 'wake-ups';

/** How often a worker looks whether the schedule is still there: a lost queue costs no more than this. */
const SCHEDULE_CHECK_MS = 3_000;
/** A tick that is later than this is not late, it is lost. */
const TICK_LOST_MS = 2_000;
const DRAIN_WITHIN_MS = 20_000;

export interface WakeUpOptions {
  /** A lost ring costs at most this long, since the schedule rings too. One tick for all replicas together. */
  readonly sweepEveryMs: number;
}

interface Topic {
  readonly flight: SingleFlight;
  readonly sweepEveryMs: number;
}

/**
 * Tells workers that there is something to do; what there is stands in the database, never in the ring. Rings may be
 * lost and may come twice: a handler claims its work from Postgres and finds nothing the second time.
 */
@Injectable()
export class WakeUps implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('WakeUps');
  private readonly topics = new Map<string, Topic>();
  private readonly relays = new Map<string, SingleFlight>();
  private readonly acts: boolean;
  private state: 'starting' | 'open' | 'closed' = 'starting';
  private check: NodeJS.Timeout | undefined;

  constructor(
    @InjectQueue(WAKE_UP_QUEUE) private readonly queue: Queue,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.acts = settings.role !== 'api';
    // BullMQ tells of each lost connection here; an error event without a listener would end the process.
    queue.on('error', (error) => this.logger.debug(`wake-up queue: ${error.message}`));
  }

  /**
   * Registers the work of a topic, once. `run` is never run twice at the same time in one process, and only where the
   * role is worker or all. What it throws is logged; the next ring or sweep tries again.
   */
  on(topic: string, run: () => Promise<void>, options: WakeUpOptions): void {
    invariant(!this.topics.has(topic), `the topic '${topic}' is taken twice`);
    const flight = new SingleFlight(run, (error) => this.logger.error({ err: error, topic }, `The work of '${topic}' failed: ${error instanceof Error ? error.message : String(error)}`));
    this.topics.set(topic, { flight, sweepEveryMs: options.sweepEveryMs });
    if (this.state === 'open') void this.schedule();
  }

  /** Cheap, synchronous, never throws. Ring after the commit: a worker that looks before it would find nothing. */
  ring(topic: string): void {
    if (this.acts) this.act(topic);
    else this.relay(topic);
  }

  /** What a ring does here, in a process that works. Called by the consumer for rings from elsewhere and for sweeps. */
  act(topic: string): void {
    if (this.state === 'open') this.topics.get(topic)?.flight.ring();
  }

  /** Resolves when no topic's work runs in this process. */
  async idle(): Promise<void> {
    const flights = [...this.topics.values()].map(({ flight }) => flight);
    while (flights.some((flight) => flight.busy)) await Promise.all(flights.map((flight) => flight.idle()));
  }

  async onApplicationBootstrap(): Promise<void> {
    this.state = 'open';
    if (!this.acts) return;
    await this.schedule();
    // Whatever a killed process left half done is found at once rather than at the first sweep.
    for (const topic of this.topics.keys()) this.act(topic);
    this.check = setInterval(() => void this.schedule(), SCHEDULE_CHECK_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.state = 'closed';
    clearInterval(this.check);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, DRAIN_WITHIN_MS).unref()));
    await Promise.race([this.idle(), late]);
    clearTimeout(timer);
  }

  /** Adds what is missing of the schedule and nothing else, because adding a scheduler anew would shift its next tick. */
  private async schedule(): Promise<void> {
    if (!this.acts) return;
    try {
      const known = new Map((await this.queue.getJobSchedulers(0, -1)).map((scheduler) => [scheduler.key, scheduler]));
      for (const [topic, { sweepEveryMs }] of this.topics) {
        const scheduler = known.get(topic);
        const ticks = Number(scheduler?.every) === sweepEveryMs && Date.now() - (scheduler?.next ?? 0) < sweepEveryMs + TICK_LOST_MS;
        if (!ticks) await this.queue.upsertJobScheduler(topic, { every: sweepEveryMs }, { name: topic, opts: { removeOnComplete: true, removeOnFail: true } });
      }
    } catch (error) {
      this.logger.warn(`The sweep schedule could not be checked: ${(error as Error).message}`);
    }
  }

  private relay(topic: string): void {
    let relay = this.relays.get(topic);
    if (!relay) {
      // Many rings in one moment become one job; the job that waits already stands for all of them.
      const add = async (): Promise<void> => {
        await this.queue.add(topic, {}, { deduplication: { id: topic, keepLastIfActive: true }, removeOnComplete: true, removeOnFail: true });
      };
      relay = new SingleFlight(add, (error) => this.logger.debug(`A ring of '${topic}' was lost: ${(error as Error).message}`));
      this.relays.set(topic, relay);
    }
    if (this.state !== 'closed') relay.ring();
  }
}
