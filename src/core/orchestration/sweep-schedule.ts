import type { Queue } from 'bullmq';
import type { QueueHealth } from './queue-health.js';

/** How often a worker looks whether the schedule is still there: a lost queue costs no more than this. */
const CHECK_EVERY_MS = 3_000;
/** A tick that is later than this is not late, it is lost. */
const TICK_LOST_MS = 2_000;
/** A tick may be as late as its own interval, since the worker that takes it moves the next one; but no later than this. */
const LATEST_TICK_MS = 30_000;
/** While the queue does not work, a worker looks for work this often, however seldom the schedule would. */
const STAND_IN_EVERY_MS = 15_000;
const STAND_IN_TICK_MS = 500;

/**
 * Rings every topic on a schedule that the queue keeps for all replicas together, so that there is one tick and not
 * one a replica. The schedule is itself only a hint: a worker that finds it gone (the queue was emptied) puts it back
 * and looks for work at once, since rings are gone with it; a worker that cannot reach the queue sweeps by its own clock.
 */
export class SweepSchedule {
  private readonly sweptAt = new Map<string, number>();
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly queue: Queue,
    private readonly health: QueueHealth,
    private readonly topics: ReadonlyMap<string, { readonly sweepEveryMs: number }>,
    private readonly ring: (topic: string) => void,
  ) {}

  /** Does not wait for the queue, which may be away: the hub starts without it. */
  start(): void {
    void this.check();
    this.timers = [setInterval(() => void this.check(), CHECK_EVERY_MS).unref(), setInterval(() => this.standIn(), STAND_IN_TICK_MS).unref()];
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  /** Puts back what is missing of the schedule, and rings what was missing. */
  async check(): Promise<void> {
    for (const topic of (await this.health.try(() => this.restore())) ?? []) this.ring(topic);
  }

  /** Adds what is missing and nothing else, because adding a scheduler anew would shift its next tick. */
  private async restore(): Promise<string[]> {
    const known = new Map((await this.queue.getJobSchedulers(0, -1)).map((scheduler) => [scheduler.key, scheduler]));
    const missing = [...this.topics].filter(([topic, { sweepEveryMs }]) => {
      const scheduler = known.get(topic);
      const lateMs = Date.now() - (scheduler?.next ?? 0);
      return Number(scheduler?.every) !== sweepEveryMs || lateMs >= Math.min(sweepEveryMs, LATEST_TICK_MS) + TICK_LOST_MS;
    });
    for (const [topic, { sweepEveryMs }] of missing) {
      await this.queue.upsertJobScheduler(topic, { every: sweepEveryMs }, { name: topic, opts: { removeOnComplete: true, removeOnFail: true } });
    }
    return missing.map(([topic]) => topic);
  }

  private standIn(): void {
    if (this.health.state.answers) return this.sweptAt.clear();
    const now = performance.now();
    for (const [topic, { sweepEveryMs }] of this.topics) {
      if (now - (this.sweptAt.get(topic) ?? -Infinity) < Math.min(sweepEveryMs, STAND_IN_EVERY_MS)) continue;
      this.sweptAt.set(topic, now);
      this.ring(topic);
    }
  }
}
