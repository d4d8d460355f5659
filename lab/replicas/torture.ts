import { Findings, type Verdict } from '../checker/verdict.js';
import type { Progress } from '../report/progress.js';
import type { Report } from '../report/report.js';
import { dayScript } from '../replay/day/day-script.js';
import { runReplay } from '../replay/run-replay.js';
import type { HubAccess } from '../replay/set-up.js';
import { UNRULY } from '../simulators/index.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, TOPOLOGIES, type Topology } from './cluster.js';
import { Faults, type FaultName, type Ground } from './faults.js';
import { race } from './race.js';
import { startRedis } from './redis-process.js';

export interface TorturePlan {
  readonly topology: Topology;
  readonly queue: 'postgres' | 'redis';
  readonly databaseUrl: string;
  /** Its server, where it may be restarted. */
  readonly postgres?: Ground['postgres'];
  readonly seed: number;
  readonly orders: number;
  readonly items: number;
  readonly wallMs: number;
  readonly faults: readonly FaultName[];
  readonly races: number;
  readonly command: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** 5xx that docs/errors.md tells a caller to repeat; every other one would be a fault of the hub. */
const TO_BE_REPEATED = new Set(['DATABASE_UNAVAILABLE', 'NOT_READY', 'OVERLOADED', 'SHUTTING_DOWN', 'PLUGIN_UNAVAILABLE']);
const RACES = { units: 20, callers: 100 } as const;

/** What callers saw of the replicas beside their answers. */
export function judgeAnswers({ balancer, replicas }: Cluster): Verdict[] {
  const documented = new Findings('replicas answered no 5xx but those that are documented as to be repeated');
  const answered = [...balancer.answered.values()].reduce((sum, count) => sum + count, 0);
  for (let fine = balancer.serverErrors.length; fine < answered; fine += 1) documented.expect(true, () => '');
  for (const { status, code, call } of balancer.serverErrors) documented.expect(TO_BE_REPEATED.has(code), () => `${call} was answered ${status} ${code}`);
  const shared = new Findings('every replica that answers HTTP took part');
  for (const { role, process } of replicas.filter((replica) => replica.role !== 'worker')) {
    shared.expect((balancer.answered.get(process.url) ?? 0) > 0, () => `${role} at ${process.url} answered nothing`);
  }
  return [documented.verdict(), shared.verdict()];
}

/** Races across the replicas, one of them killed in the middle of each. */
async function races(cluster: Cluster, access: HubAccess, { races: count, seed }: TorturePlan): Promise<Verdict[]> {
  const { key } = await access.admin.post<{ key: string }>('/admin/v1/clients', { name: 'race', scopes: ['catalog:write', 'stock:read', 'stock:write', 'reservations:write'] });
  const urls = (): string[] => cluster.replicas.filter(({ role }) => role !== 'worker').map(({ process }) => process.url);
  const verdicts: Verdict[] = [];
  for (let number = 0; number < count; number += 1) {
    const victim = cluster.replicas[number % cluster.replicas.length]?.process;
    const kill = async (): Promise<void> => {
      await sleep(60);
      await victim?.kill('hub');
      await victim?.launch();
    };
    const [found] = await Promise.all([race({ urls, url: cluster.url, key }, { ...RACES, seed: seed * 1_000 + number }), kill()]);
    verdicts.push(...found);
  }
  return verdicts;
}

/**
 * Plays a trading day to several replicas on one Postgres while faults befall them, judges it with the checker that knows
 * nothing of the hub, and lets callers race for the last units across the replicas. Starts and stops everything but Postgres.
 */
export async function torture(plan: TorturePlan): Promise<Report> {
  const redis = plan.queue === 'redis' ? await startRedis() : undefined;
  try {
    let cluster: Cluster | undefined;
    const { report } = await runReplay({
      ...plan,
      // Where replicas are killed, nobody may be refused for want of stock: every fact of the script must come through.
      script: dayScript({ seed: plan.seed, orders: plan.orders, items: plan.items, wallMs: plan.wallMs, ample: true }),
      delivery: UNRULY,
      kills: 0,
      keep: false,
      site: async () => {
        cluster = await Cluster.start({ roles: TOPOLOGIES[plan.topology], databaseUrl: plan.databaseUrl, redisUrl: redis?.url });
        return { site: cluster, disturbance: new Faults(cluster, { postgres: plan.postgres, redis }, plan.faults, plan.seed) };
      },
      afterwards: async (access) => (cluster ? [...(await races(cluster, access, plan)), ...judgeAnswers(cluster)] : []),
    });
    return report;
  } finally {
    await redis?.stop();
  }
}
