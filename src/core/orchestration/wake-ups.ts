import { InjectQueue } from '@nestjs/bullmq';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Queue } from 'bullmq';
import { invariant } from '../errors/index.js';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { QueueHealth } from './queue-health.js';
import { RingRelay } from './ring-relay.js';
import { SingleFlight } from './single-flight.js';
import { SweepSchedule } from './sweep-schedule.js';

export const WAKE_UP_QUEUE = 'wake-ups';

const DRAIN_WITHIN_MS = 20_000;
const LAST_RINGS_WITHIN_MS = 1_000;
/** How soon a ring that the queue did not take is told again. */
const LOOK_EVERY_MS = 1_000;

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
  private readonly acts: boolean;
  private readonly schedule: SweepSchedule;
  private readonly relay: RingRelay;
  private state: 'starting' | 'open' | 'closed' = 'starting';
  private look: NodeJS.Timeout | undefined;

  constructor(
    @InjectQueue(WAKE_UP_QUEUE) private readonly queue: Queue,
    private readonly health: QueueHealth,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.acts = settings.role !== 'api';
    this.schedule = new SweepSchedule(queue, health, this.topics, (topic) => this.act(topic));
    this.relay = new RingRelay(queue, (topic, error) => this.logger.debug(`A ring of '${topic}' waits: ${(error as Error).message}`));
    // BullMQ tells of each lost connection here; an error event without a listener would end the process.
    queue.on('error', (error) => health.heard(error));
  }

  /**
   * Registers the work of a topic, once. `run` is never run twice at the same time in one process, and only where the
   * role is worker or all. What it throws is logged; the next ring or sweep tries again.
   */
  on(topic: string, run: () => Promise<void>, options: WakeUpOptions): void {
    invariant(!this.topics.has(topic), `the topic '${topic}' is taken twice`);
    const flight = new SingleFlight(run, (error) => this.logger.error({ err: error, topic }, `The work of '${topic}' failed: ${error instanceof Error ? error.message : String(error)}`));
    this.topics.set(topic, { flight, sweepEveryMs: options.sweepEveryMs });
    if (this.state === 'open' && this.acts) void this.schedule.check();
  }

  /** Cheap, synchronous, never throws. Ring after the commit: a worker that looks before it would find nothing. */
  ring(topic: string): void {
    if (this.acts) this.act(topic);
    else this.relay.ring(topic);
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

  onApplicationBootstrap(): void {
    this.state = 'open';
    if (this.acts) {
      this.schedule.start();
      // Whatever a killed process left half done is found at once rather than at the first sweep.
      for (const topic of this.topics.keys()) this.act(topic);
    } else {
      const ask = (): void => void this.health.try(() => this.relay.look());
      ask();
      this.look = setInterval(ask, LOOK_EVERY_MS).unref();
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.state = 'closed';
    clearInterval(this.look);
    this.schedule.stop();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, DRAIN_WITHIN_MS).unref()));
    await Promise.race([this.idle(), late]);
    clearTimeout(timer);
    await this.relay.close(LAST_RINGS_WITHIN_MS);
    // Nothing in the queue is worth waiting for once it is away, and BullMQ would wait for ever.
    if ((await this.health.try(() => this.queue.getJobSchedulersCount())) === undefined) await this.queue.getBackend().close(true);
  }
}
