import { setTimeout as sleep } from 'node:timers/promises';
import type { HubProcess, KillTarget } from '../hub-process.js';
import type { Disturbance } from '../site.js';
import { Random } from '../simulators/kit/random.js';

const TARGETS: readonly KillTarget[] = ['both', 'hub', 'postgres'];

/**
 * Kills the hub and its Postgres with -9 at random points of a replay and starts them again, while the systems go on
 * selling. Everything is drawn from the seed: which share of the replay is done, what is hit, how long it stays away.
 */
export class Killer implements Disturbance {
  readonly log: string[] = [];
  private readonly plan: { at: number; target: KillTarget; awayMs: number }[];
  private stopped = false;
  private killing = false;

  constructor(
    private readonly hub: HubProcess,
    kills: number,
    seed: number,
  ) {
    const random = new Random(seed + 0x6b11);
    this.plan = Array.from({ length: kills }, (_, index) => ({
      // One kill in each part of the replay, so that none falls together with the next.
      at: (index + 0.1 + random.next() * 0.8) / kills,
      target: TARGETS[index % TARGETS.length] as KillTarget,
      awayMs: random.between(0, 1_500),
    }));
  }

  /** @param done the share of the replay that is over, 0 to 1. Resolves after the last kill, or when stopped. */
  async run(done: () => number): Promise<void> {
    for (const { at, target, awayMs } of this.plan) {
      while (done() < at && !this.stopped) await sleep(5);
      if (this.stopped) return;
      this.killing = true;
      const share = `${(done() * 100).toFixed(1)}%`;
      await this.hub.kill(target);
      this.log.push(`${target === 'both' ? 'hub and Postgres' : target === 'hub' ? 'hub' : 'Postgres'} at ${share}`);
      if (target !== 'postgres') {
        await sleep(awayMs);
        await this.hub.launch();
      }
      this.killing = false;
    }
  }

  /** True from a kill until the hub runs again. */
  get busy(): boolean {
    return this.killing;
  }

  stop(): void {
    this.stopped = true;
  }
}
