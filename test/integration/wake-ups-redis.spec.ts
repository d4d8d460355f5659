import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OrchestrationModule } from '../../src/core/orchestration/orchestration.module.js';
import { QueueHealth } from '../../src/core/orchestration/queue-health.js';
import { WakeUps } from '../../src/core/orchestration/wake-ups.js';
import { redisPlace } from '../../src/core/settings/redis-place.js';
import type { Role } from '../../src/core/settings/settings.js';
import { SettingsModule } from '../../src/core/settings/settings.module.js';
import { redisInstalled, startRedis, type RedisProcess } from '../peers/redis/redis.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { testSettings } from '../support/settings.js';

const HOUR_MS = 3_600_000;
const PASSWORD = 'p@ss/word:of redis';

interface Part {
  readonly wakeUps: WakeUps;
  readonly health: QueueHealth;
  close(): Promise<void>;
}

async function until(condition: () => Promise<boolean> | boolean, withinMs = 20_000): Promise<number> {
  const start = performance.now();
  while (!(await condition())) {
    if (performance.now() - start > withinMs) throw new Error(`it did not happen within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - start;
}

describe.skipIf(!redisInstalled)('with the queue in Redis', () => {
  let database: TestDatabase;
  let redis: RedisProcess;
  const open: TestingModule[] = [];

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), startRedis({ password: PASSWORD })]);
  });

  afterEach(async () => {
    for (const module of open.splice(0)) await module.close();
    await redis.command('FLUSHALL');
  });

  afterAll(async () => {
    await redis.stop();
    await database.drop();
  });

  async function part(role: Role, register: (wakeUps: WakeUps) => void, { databaseUrl = database.url, redisUrl = redis.url } = {}): Promise<Part> {
    const settings = testSettings({ databaseUrl, role, redis: redisPlace(redisUrl) });
    const module = await Test.createTestingModule({ imports: [SettingsModule.of(settings), OrchestrationModule.forRole(role)] }).compile();
    open.push(module);
    const wakeUps = module.get(WakeUps);
    register(wakeUps);
    await module.init();
    return {
      wakeUps,
      health: module.get(QueueHealth),
      close: () => {
        open.splice(open.indexOf(module), 1);
        return module.close();
      },
    };
  }

  it('brings a ring from a process that only answers HTTP to a worker, and sweeps with one tick for all replicas', async () => {
    let rung = 0;
    let swept = 0;
    const register = (wakeUps: WakeUps): void => {
      wakeUps.on('rung', async () => void (rung += 1), { sweepEveryMs: HOUR_MS });
      wakeUps.on('swept', async () => void (swept += 1), { sweepEveryMs: 1_000 });
    };
    await part('worker', register);
    await part('worker', register);
    const api = await part('api', () => undefined);
    await until(() => swept >= 4);
    const before = rung;
    for (let i = 0; i < 50; i += 1) api.wakeUps.ring('rung');
    await until(() => rung > before);
    const sweptBefore = swept;
    await until(() => swept >= sweptBefore + 3);
    expect(rung - before).toBeLessThanOrEqual(3);
    expect(api.health.state).toEqual({ backend: 'redis', answers: true });
  });

  it('keeps the rings of two installations on one Redis apart', async () => {
    const other = await createTestDatabase();
    let ours = 0;
    let theirs = 0;
    await part('worker', (wakeUps) => wakeUps.on('topic', async () => void (ours += 1), { sweepEveryMs: HOUR_MS }));
    const strangers = await part('worker', (wakeUps) => wakeUps.on('topic', async () => void (theirs += 1), { sweepEveryMs: HOUR_MS }), { databaseUrl: other.url });
    const api = await part('api', () => undefined);
    await until(async () => (await redis.command('KEYS', '*:repeat')) !== undefined && ((await redis.command('KEYS', '*:repeat')) as string[]).length === 2);
    await strangers.wakeUps.idle();
    const [oursBefore, theirsBefore] = [ours, theirs];
    for (let i = 1; i <= 5; i += 1) {
      api.wakeUps.ring('topic');
      await until(() => ours >= oursBefore + i);
    }
    expect(theirs).toBeLessThanOrEqual(theirsBefore + 1);
    await strangers.close();
    await other.drop();
  });

  it('works without its queue while the password is wrong, and says so in one word', async () => {
    let often = 0;
    const wrong = await part('all', (wakeUps) => wakeUps.on('often', async () => void (often += 1), { sweepEveryMs: 300 }), { redisUrl: redis.url.replace('p%40ss', 'other') });
    await until(() => often >= 3);
    await until(() => wrong.health.state.reason === 'WRONGPASS');
    await wrong.close();
  });

  it('looks for work within seconds of FLUSHALL, in every topic, and ticks again', async () => {
    const runs = { seldom: 0, often: 0 };
    await part('worker', (wakeUps) => {
      wakeUps.on('seldom', async () => void (runs.seldom += 1), { sweepEveryMs: HOUR_MS });
      wakeUps.on('often', async () => void (runs.often += 1), { sweepEveryMs: 500 });
    });
    const api = await part('api', () => undefined);
    await until(() => runs.often >= 3);
    api.wakeUps.ring('seldom');
    const before = { ...runs };
    await redis.command('FLUSHALL');
    const ms = await until(() => runs.seldom > before.seldom && runs.often > before.often + 3);
    expect(ms).toBeLessThan(60_000);
    const rungBefore = runs.seldom;
    api.wakeUps.ring('seldom');
    await until(() => runs.seldom > rungBefore);
  });

  it('starts, works, rings on return and stops while Redis is killed', async () => {
    await redis.kill();
    const runs = { seldom: 0, often: 0 };
    const worker = await part('worker', (wakeUps) => {
      wakeUps.on('seldom', async () => void (runs.seldom += 1), { sweepEveryMs: HOUR_MS });
      wakeUps.on('often', async () => void (runs.often += 1), { sweepEveryMs: 300 });
    });
    const api = await part('api', () => undefined);
    // The worker's own clock stands in for the schedule, as soon as it knows that there is none.
    await until(() => runs.often >= 4 && runs.seldom >= 2);
    expect(worker.health.state).toEqual({ backend: 'redis', answers: false, reason: expect.any(String) as string });
    api.wakeUps.ring('seldom');
    const stopper = await part('all', () => undefined);
    await until(() => !stopper.health.state.answers);
    await stopper.close();
    const before = runs.seldom;
    await redis.start();
    await until(() => runs.seldom > before && worker.health.state.answers && api.health.state.answers);
    const rungBefore = runs.seldom;
    api.wakeUps.ring('seldom');
    await until(() => runs.seldom > rungBefore);
  }, 60_000);

  it('sweeps on while Redis hangs, and goes back to the schedule after it', async () => {
    let often = 0;
    const worker = await part('worker', (wakeUps) => wakeUps.on('often', async () => void (often += 1), { sweepEveryMs: 300 }));
    await until(() => often >= 3);
    await redis.command('CLIENT', 'PAUSE', '8000', 'ALL');
    await until(() => !worker.health.state.answers);
    const before = often;
    await until(() => often >= before + 3);
    await until(() => worker.health.state.answers);
    const after = often;
    await until(() => often >= after + 3);
  }, 60_000);

  it('sweeps on while Redis is out of memory, and rings afterwards what it could not ring', async () => {
    const runs = { seldom: 0, often: 0 };
    const worker = await part('worker', (wakeUps) => {
      wakeUps.on('seldom', async () => void (runs.seldom += 1), { sweepEveryMs: HOUR_MS });
      wakeUps.on('often', async () => void (runs.often += 1), { sweepEveryMs: 300 });
    });
    const api = await part('api', () => undefined);
    await until(() => runs.often >= 3);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    const { seldom } = runs;
    api.wakeUps.ring('seldom');
    await until(() => !api.health.state.answers);
    expect(api.health.state.reason).toBe('OOM');
    expect(runs.seldom).toBe(seldom);
    // With the schedule gone as well, nothing but the worker's own clock is left.
    await redis.command('FLUSHALL');
    await until(() => !worker.health.state.answers);
    const before = runs.often;
    await until(() => runs.often >= before + 3);
    const seldomBefore = runs.seldom;
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await until(() => worker.health.state.answers && api.health.state.answers && runs.seldom > seldomBefore);
    const after = runs.often;
    await until(() => runs.often >= after + 3);
  }, 60_000);
});
