/**
 * The queue on Postgres against the queue in Redis, and what it does to the whole:
 * `npm run bench -- queue [--jobs 3000] [--rings 200] [--seconds 4] [--rounds 3]`. Needs redis-server. Jobs through one queue and one
 * worker; from a ring in one process's place to the work in another's; movements over HTTP by a hub with each; and how
 * long after FLUSHALL every topic has looked for work.
 */
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queue, Worker, type QueueOptions } from 'bullmq';
import { queueOptions } from '../src/core/orchestration/queue-backend.js';
import { OrchestrationModule } from '../src/core/orchestration/orchestration.module.js';
import { WakeUps } from '../src/core/orchestration/wake-ups.js';
import { redisPlace } from '../src/core/settings/redis-place.js';
import type { Settings } from '../src/core/settings/settings.js';
import { SettingsModule } from '../src/core/settings/settings.module.js';
import { redisInstalled, startRedis, type RedisProcess } from '../lab/replicas/redis-process.js';
import { startBenchHub } from './stage/hub.js';
import { crowd, median, option, percentile, perSecond, rate, say } from './stage/measure.js';

const jobs = option('jobs', 3_000);
const rings = option('rings', 200);
const forMs = option('seconds', 4) * 1_000;
const rounds = option('rounds', 3);
const HOUR_MS = 3_600_000;

@Module({})
class Part {
  static of(settings: Settings): DynamicModule {
    return { module: Part, imports: [SettingsModule.of(settings), OrchestrationModule.forRole(settings.role)] };
  }
}

/** Jobs a second, added 50 at a time and done by one worker. */
async function jobRate(settings: Settings): Promise<number> {
  const options = (await queueOptions(settings)) as QueueOptions;
  const queue = new Queue('bench', options);
  let done = 0;
  let over = (): void => undefined;
  const worker = new Worker('bench', () => { done += 1; if (done === jobs) over(); return Promise.resolve(); }, { ...options, concurrency: 50 });
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  const finished = new Promise<void>((resolve) => (over = resolve));
  const measured = await rate(async () => {
    let left = jobs;
    await Promise.all(Array.from({ length: 50 }, async () => { while ((left -= 1) >= 0) await queue.add('job', {}, { removeOnComplete: true }); }));
    await finished;
    return jobs;
  });
  await worker.close();
  await queue.close();
  return measured;
}

/** Milliseconds from each ring of an api part to the work in a worker part. */
async function ringLags(settings: Settings): Promise<number[]> {
  const lags: number[] = [];
  let arrived = (): void => undefined;
  const worker = await NestFactory.createApplicationContext(Part.of({ ...settings, role: 'worker' }), { logger: false });
  worker.get(WakeUps).on('bench', () => { arrived(); return Promise.resolve(); }, { sweepEveryMs: HOUR_MS });
  const api = await NestFactory.createApplicationContext(Part.of({ ...settings, role: 'api' }), { logger: false });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  for (let ring = 0; ring < rings; ring += 1) {
    const came = new Promise<void>((resolve) => (arrived = resolve));
    const rungAt = performance.now();
    api.get(WakeUps).ring('bench');
    await came;
    lags.push(performance.now() - rungAt);
    // The job must be over, or the next ring is one with it.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await api.close();
  await worker.close();
  return lags;
}

/** Milliseconds from FLUSHALL until a topic that is swept once an hour has looked for work. */
async function afterFlush(settings: Settings, redis: RedisProcess): Promise<number[]> {
  const context = await NestFactory.createApplicationContext(Part.of({ ...settings, role: 'worker' }), { logger: false });
  let arrived = (): void => undefined;
  context.get(WakeUps).on('bench', () => { arrived(); return Promise.resolve(); }, { sweepEveryMs: HOUR_MS });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const took: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 3_000));
    const came = new Promise<void>((resolve) => (arrived = resolve));
    await redis.command('FLUSHALL');
    const flushedAt = performance.now();
    await came;
    took.push(performance.now() - flushedAt);
  }
  await context.close();
  return took;
}

/** Movements a second over HTTP, 100 a call. */
async function movementRate(env: Record<string, string>): Promise<number> {
  const hub = await startBenchHub(env);
  try {
    await hub.call('PUT', '/api/v1/locations/dc', { name: 'dc', type: 'warehouse' }, hub.key);
    await hub.call('PUT', '/api/v1/channels/web', { name: 'web', locations: ['dc'] }, hub.key);
    for (let n = 0; n < 200; n += 1) await hub.call('PUT', `/api/v1/items/i${n}`, { name: `i${n}` }, hub.key);
    let sequence = 0;
    return await rate(() => crowd(16, forMs, async () => {
      const movements = Array.from({ length: 100 }, () => ({ eventId: `e${(sequence += 1)}`, kind: 'receipt', item: `i${sequence % 200}`, quantity: 1, location: 'dc', occurredAt: new Date().toISOString() }));
      await hub.call('POST', '/api/v1/stock-movements', { movements }, hub.key);
      return 100;
    }));
  } finally {
    await hub.stop();
  }
}

const listed = (values: readonly number[], digits = 0): string => values.map((value) => value.toFixed(digits)).join(' ');

if (!redisInstalled) {
  say('There is no redis-server here: nothing to compare with.');
  process.exit(1);
}
const redis = await startRedis();
const hub = await startBenchHub();
const onPostgres = { databaseUrl: hub.databaseUrl, role: 'all', redis: undefined } as unknown as Settings;
const inRedis = { ...onPostgres, redis: redisPlace(redis.url) } as Settings;
const rates = { postgres: [] as number[], redis: [] as number[] };
for (let round = 0; round < rounds; round += 1) {
  rates.postgres.push(await jobRate(onPostgres));
  rates.redis.push(await jobRate(inRedis));
}
say(`jobs through one queue and one worker, Redis / Postgres: ${(median(rates.redis) / median(rates.postgres)).toFixed(1)} (${perSecond(median(rates.redis))} against ${perSecond(median(rates.postgres))}; rounds ${listed(rates.redis)} and ${listed(rates.postgres)})`);
// Their own rings are what is measured: the hub's are no longer needed.
await hub.stop();
const ringHub = await startBenchHub({ CROSSDOCK_ROLE: 'api' });
const settings = { ...onPostgres, databaseUrl: ringHub.databaseUrl } as Settings;
const lags = { postgres: await ringLags(settings), redis: await ringLags({ ...settings, redis: inRedis.redis }) };
say(`from a ring in an api process to the work in a worker: Postgres p50 ${percentile(lags.postgres, 0.5).toFixed(1)} ms, p99 ${percentile(lags.postgres, 0.99).toFixed(1)} ms; Redis p50 ${percentile(lags.redis, 0.5).toFixed(1)} ms, p99 ${percentile(lags.redis, 0.99).toFixed(1)} ms`);
const flushed = await afterFlush({ ...settings, redis: inRedis.redis } as Settings, redis);
say(`after FLUSHALL every topic has looked for work: median ${median(flushed).toFixed(0)} ms, latest ${Math.max(...flushed).toFixed(0)} ms (${listed(flushed)})`);
await ringHub.stop();
const whole = { postgres: [] as number[], redis: [] as number[] };
for (let round = 0; round < rounds; round += 1) {
  whole.postgres.push(await movementRate({}));
  whole.redis.push(await movementRate({ REDIS_URL: redis.url }));
}
say(`movements over HTTP, 100 a call, hub with the queue in Redis / on Postgres: ${(median(whole.redis) / median(whole.postgres)).toFixed(2)} (${perSecond(median(whole.redis))} against ${perSecond(median(whole.postgres))}; rounds ${listed(whole.redis)} and ${listed(whole.postgres)})`);
await redis.stop();
process.exit();
