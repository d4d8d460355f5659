import { setTimeout as sleep } from 'node:timers/promises';
import type { Disturbance } from '../site.js';
import type { Cluster, Replica } from './cluster.js';

/**
 * Replaces the replicas of a cluster one by one by replicas of this build, while it serves: a new one is started beside
 * the old ones, and brings the schema up to date under them; when it is ready an old one is ended, and so on.
 */
export class RollingUpgrade implements Disturbance {
  readonly log: string[] = [];
  /** How old replicas answered /health/ready when the schema was newer than they are. */
  readonly readiness: number[] = [];
  /** The exit codes of replaced replicas. */
  readonly ended: (number | null)[] = [];
  busy = false;
  private stopped = false;

  constructor(private readonly cluster: Cluster) {}

  async run(done: () => number): Promise<void> {
    const old = [...this.cluster.replicas];
    for (const [index, replica] of old.entries()) {
      while (done() < (index + 0.5) / (old.length + 1) && !this.stopped) await sleep(5);
      if (this.stopped) return;
      this.busy = true;
      await this.cluster.add(replica.role);
      await this.lookAt(old.slice(index));
      this.ended.push(await this.cluster.remove(replica));
      this.busy = false;
      this.log.push(`${replica.role} replaced at ${(done() * 100).toFixed(1)}%`);
    }
  }

  stop(): void {
    this.stopped = true;
  }

  private async lookAt(replicas: readonly Replica[]): Promise<void> {
    for (const { process } of replicas) {
      const answer = await fetch(`${process.url}/health/ready`);
      await answer.arrayBuffer();
      this.readiness.push(answer.status);
    }
  }
}
