import { rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { EmbeddedPostgres } from '../src/core/persistence/embedded/embedded-postgres.js';
import { UsageError } from './demo-options.js';
import { ownFolder } from './hub-process.js';
import { Progress } from './report/progress.js';
import type { Report } from './report/report.js';
import type { Verdict } from './checker/verdict.js';
import { TOPOLOGIES, type Topology } from './replicas/cluster.js';
import { freeze } from './replicas/freeze/freeze.js';
import { FAULTS, REDIS_FAULTS, type FaultName } from './replicas/faults.js';
import { redisInstalled, startRedis } from './replicas/redis-process.js';
import { torture, type TorturePlan } from './replicas/torture.js';

/** bin/launcher/help.mjs explains each option to people. */
const text = { type: 'string' } as const;
const OPTIONS = { rounds: text, seed: text, topology: text, queue: text, orders: text, minutes: text, faults: text, races: text, freezes: text, matrix: { type: 'boolean' }, json: text, help: { type: 'boolean', short: 'h' } } as const;
const QUEUES = ['postgres', 'redis'] as const;
/** Three replicas take some 20 connections each; what was acknowledged must be on disk, as in life. */
const TUNING = { maxConnections: 150, durable: true };

function chosen<Name extends string>(option: string, given: string | undefined, allowed: readonly Name[], byDefault: readonly Name[]): readonly Name[] {
  if (given === undefined) return byDefault;
  const names = given.split(',');
  const stranger = names.find((name) => !(allowed as readonly string[]).includes(name));
  if (stranger !== undefined) throw new UsageError(`--${option} has '${stranger}'; it takes ${allowed.join(', ')}.`);
  return names as Name[];
}

function count(option: string, given: string | undefined, byDefault: number, { orNone = false } = {}): number {
  const value = Number(given ?? byDefault);
  if (!Number.isFinite(value) || value < 0 || (value === 0 && !orNone)) throw new UsageError(`--${option} must be a number ${orNone ? 'from' : 'above'} zero.`);
  return value;
}

/** When another has taken everything over, a frozen replica stays away for so much longer at most. */
const LINGER_MS = 6_000;

type Options = Omit<TorturePlan, 'databaseUrl' | 'postgres' | 'command' | 'progress' | 'signal'> & { readonly freezes: number };

/** What can befall each topology by itself, so that a failure has one cause: on Postgres alone, on Redis, and on a Redis that is emptied before it. */
const MATRIX: Readonly<Record<(typeof QUEUES)[number], readonly (readonly FaultName[])[]>> = {
  postgres: [['kill'], ['stall'], ['postgres-restart']],
  redis: [['kill'], ['stall'], ['postgres-restart'], ['redis-kill'], ['flush', 'kill'], ['flush', 'stall'], ['flush', 'postgres-restart'], ['flush', 'redis-kill']],
};

function plansOf(args: readonly string[]): { plans: Options[]; json: string | undefined } {
  const given = parseArgs({ args: [...args], options: OPTIONS }).values;
  const topologies = chosen('topology', given.topology, Object.keys(TOPOLOGIES) as Topology[], Object.keys(TOPOLOGIES) as Topology[]);
  const queues = chosen('queue', given.queue, QUEUES, redisInstalled ? QUEUES : ['postgres']);
  if (given.matrix && given.faults !== undefined) throw new UsageError('--matrix chooses the faults itself; leave --faults out.');
  const faults = chosen('faults', given.faults, FAULTS, ['kill', ...FAULTS]);
  const faultsOn = (queue: (typeof QUEUES)[number]): readonly (readonly FaultName[])[] =>
    given.matrix ? MATRIX[queue] : [queue === 'redis' ? faults : faults.filter((fault) => !REDIS_FAULTS.includes(fault))];
  if (queues.includes('redis') && !redisInstalled) throw new UsageError('There is no redis-server here.');
  const day = { orders: count('orders', given.orders, 2_000), items: 200, wallMs: count('minutes', given.minutes, 0.5) * 60_000, races: count('races', given.races, 5), freezes: count('freezes', given.freezes, 1, { orNone: true }) };
  const first = count('seed', given.seed, 1);
  const plans: Options[] = [];
  const rounds = count('rounds', given.rounds, 1);
  for (let seed = first; seed < first + rounds; seed += 1) {
    for (const queue of queues) for (const topology of topologies) for (const each of faultsOn(queue)) plans.push({ ...day, seed, queue, topology, faults: each });
  }
  return { plans, json: given.json };
}

/** Replicas of the same topology on a database of their own, one of them frozen again and again in the middle of its work. */
async function frozen({ topology, queue, seed, freezes }: Options, databaseUrl: string, signal: AbortSignal): Promise<Verdict[]> {
  if (freezes === 0) return [];
  const redis = queue === 'redis' ? await startRedis() : undefined;
  try {
    return await freeze({ topology, databaseUrl, redisUrl: redis?.url, seed, rounds: freezes, lingerMs: LINGER_MS, signal });
  } finally {
    await redis?.stop();
  }
}

function say(plan: Options, report: Report): void {
  const wrong = report.verdicts.filter(({ holds }) => !holds);
  const compared = report.verdicts.reduce((sum, verdict) => sum + verdict.compared, 0);
  process.stdout.write(`${wrong.length === 0 ? 'true ' : 'FALSE'}  ${plan.topology} on ${plan.queue}, seed ${plan.seed}: ${report.trading.orders} orders, ${compared} comparisons; ${report.hub.kills.join(', ')}${plan.freezes > 0 ? `; frozen ${plan.freezes} times` : ''}\n`);
  for (const { name, examples } of wrong) process.stdout.write(`       ${name}\n${examples.map((example) => `         ${example}\n`).join('')}`);
}

async function main(args: readonly string[]): Promise<number> {
  const { plans, json } = plansOf(args);
  if (!redisInstalled) process.stdout.write('There is no redis-server here: the combinations with Redis are left out.\n');
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  const dataDir = ownFolder();
  const postgres = await EmbeddedPostgres.start({ dataDir, tuning: TUNING });
  const results: { plan: Options; report: Report }[] = [];
  try {
    for (const [index, plan] of plans.entries()) {
      const command = `npm run torture:replicas -- --seed ${plan.seed} --topology ${plan.topology} --queue ${plan.queue} --faults ${plan.faults.join(',')} --orders ${plan.orders} --minutes ${plan.wallMs / 60_000} --races ${plan.races} --freezes ${plan.freezes}`;
      const day = await torture({ ...plan, databaseUrl: await postgres.ensureDatabase(`torture_${index}`), postgres, command, progress: new Progress(process.stderr), signal: stop.signal });
      const verdicts = [...day.verdicts, ...(await frozen(plan, await postgres.ensureDatabase(`frozen_${index}`), stop.signal))];
      const report = { ...day, verdicts, allTrue: verdicts.every(({ holds }) => holds) };
      results.push({ plan, report });
      say(plan, report);
    }
  } finally {
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(results, undefined, 2)}\n`);
  }
  return results.every(({ report }) => report.allTrue) ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true;
  process.stderr.write(`torture:replicas: ${usage ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = usage ? 2 : 1;
}
process.exit();
