import { setTimeout as sleep } from 'node:timers/promises';
import type { Disturbance } from '../site.js';
import { Random } from '../simulators/kit/random.js';
import type { Cluster, Replica } from './cluster.js';
import type { RedisProcess } from './redis-process.js';

/** Longer than any lease of the hub (10 s for deliveries): what a worker does after it must be refused. */
const LONGER_THAN_LEASES_MS = 12_000;

export type FaultName = 'kill' | 'stall' | 'postgres-restart' | 'postgres-kill' | 'flush' | 'hang' | 'full' | 'redis-kill';

/** What can be done to replicas, to their Postgres, and to their Redis. */
export const FAULTS: readonly FaultName[] = ['kill', 'stall', 'postgres-restart', 'postgres-kill', 'flush', 'hang', 'full', 'redis-kill'];
export const REDIS_FAULTS: readonly FaultName[] = ['flush', 'hang', 'full', 'redis-kill'];

/** What the replicas stand on, as far as it is at hand to be hurt. */
export interface Ground {
  /** Whoever runs it starts it again when its process ends, as a service manager does. */
  readonly postgres?: { readonly pid: number } | undefined;
  readonly redis?: RedisProcess | undefined;
}

/** Carries out faults one after the other at points of a replay that are drawn from the seed. */
export class Faults implements Disturbance {
  readonly log: string[] = [];
  busy = false;
  private stopped = false;
  private readonly random: Random;
  private readonly plan: readonly { readonly at: number; readonly fault: FaultName }[];

  constructor(
    private readonly cluster: Cluster,
    private readonly ground: Ground,
    faults: readonly FaultName[],
    seed: number,
  ) {
    this.random = new Random(seed + 0x5ca1e);
    this.plan = faults.map((fault, index) => ({ fault, at: (index + 0.1 + this.random.next() * 0.6) / faults.length }));
  }

  async run(done: () => number): Promise<void> {
    for (const { at, fault } of this.plan) {
      while (done() < at && !this.stopped) await sleep(5);
      if (this.stopped) return;
      const share = `${(done() * 100).toFixed(1)}%`;
      this.log.push(`${await this.commit(fault)} at ${share}`);
    }
  }

  stop(): void {
    this.stopped = true;
  }

  private async commit(fault: FaultName): Promise<string> {
    switch (fault) {
      case 'kill':
        return this.kill(this.pick());
      case 'stall':
        return this.stall(this.pick((role) => role !== 'api'));
      case 'postgres-restart':
        return this.endPostgres('SIGINT', 'Postgres restarted');
      case 'postgres-kill':
        return this.endPostgres('SIGKILL', 'Postgres killed');
      case 'flush':
        await this.ground.redis?.command('FLUSHALL');
        return 'FLUSHALL';
      case 'hang':
        await this.ground.redis?.command('CLIENT', 'PAUSE', '6000', 'ALL');
        return 'Redis hung for 6 s';
      case 'full':
        return this.fill();
      case 'redis-kill':
        await this.ground.redis?.kill();
        await sleep(this.random.between(500, 4_000));
        await this.ground.redis?.start();
        return 'Redis killed, and empty again';
    }
  }

  private pick(fits: (role: Replica['role']) => boolean = () => true): Replica {
    const candidates = this.cluster.replicas.filter(({ role }) => fits(role));
    return candidates[this.random.between(0, candidates.length - 1)] as Replica;
  }

  private async kill({ role, process }: Replica): Promise<string> {
    this.busy = true;
    await process.kill('hub');
    await sleep(this.random.between(300, 2_500));
    if (!this.stopped) await process.launch();
    this.busy = false;
    return `${role} killed`;
  }

  private async stall({ role, process }: Replica): Promise<string> {
    process.stall('SIGSTOP');
    await sleep(LONGER_THAN_LEASES_MS);
    process.stall('SIGCONT');
    return `${role} stalled for ${LONGER_THAN_LEASES_MS / 1_000} s`;
  }

  /** SIGINT is its fast shutdown: every connection is ended, and what was committed is kept. */
  private async endPostgres(signal: 'SIGINT' | 'SIGKILL', done: string): Promise<string> {
    const { postgres } = this.ground;
    if (!postgres) throw new Error('This Postgres is somebody else\'s: it cannot be restarted here.');
    const before = postgres.pid;
    const from = Date.now();
    process.kill(before, signal);
    while (postgres.pid === before && !this.stopped) await sleep(10);
    return `${done} (away for ${((Date.now() - from) / 1_000).toFixed(1)} s)`;
  }

  private async fill(): Promise<string> {
    await this.ground.redis?.command('CONFIG', 'SET', 'maxmemory', '1');
    await this.ground.redis?.command('FLUSHALL');
    await sleep(4_000);
    await this.ground.redis?.command('CONFIG', 'SET', 'maxmemory', '0');
    return 'Redis out of memory for 4 s';
  }
}
