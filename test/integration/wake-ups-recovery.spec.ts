import { Test, type TestingModule } from '@nestjs/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OrchestrationModule } from '../../src/core/orchestration/orchestration.module.js';
import { WakeUps } from '../../src/core/orchestration/wake-ups.js';
import { EmbeddedPostgres } from '../../src/core/persistence/embedded/embedded-postgres.js';
import { SettingsModule } from '../../src/core/settings/settings.module.js';
import { testSettings } from '../support/settings.js';

let dataDir: string;
let server: EmbeddedPostgres;
let url: string;
const modules: TestingModule[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'crossdock-wake-'));
  server = await EmbeddedPostgres.start({ dataDir, tuning: { maxConnections: 40, durable: false } });
  url = await server.ensureDatabase('wake');
});

afterAll(async () => {
  for (const module of modules) await module.close();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function part(role: 'api' | 'worker', register: (wakeUps: WakeUps) => void): Promise<WakeUps> {
  const module = await Test.createTestingModule({ imports: [SettingsModule.of(testSettings({ databaseUrl: url, role })), OrchestrationModule.forRole(role)] }).compile();
  modules.push(module);
  const wakeUps = module.get(WakeUps);
  register(wakeUps);
  await module.init();
  return wakeUps;
}

async function until(condition: () => Promise<boolean> | boolean, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it did not happen within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it('goes on by itself when Postgres was killed, and when the whole queue was lost', async () => {
  let swept = 0;
  let rung = 0;
  await part('worker', (wakeUps) => {
    wakeUps.on('swept', async () => void (swept += 1), { sweepEveryMs: 400 });
    wakeUps.on('rung', async () => void (rung += 1), { sweepEveryMs: 3_600_000 });
  });
  const api = await part('api', () => undefined);
  await until(() => swept >= 3, 10_000);
  // BullMQ opens further connections at its first jobs; it does not survive a crash in the very moment of that.
  await new Promise((resolve) => setTimeout(resolve, 1_000));

  process.kill(server.pid, 'SIGKILL');
  const before = swept;
  await until(() => swept >= before + 2, 15_000);
  const rungBefore = rung;
  await until(() => {
    api.ring('rung');
    return rung > rungBefore;
  }, 15_000);

  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('truncate bullmq.job, bullmq.scheduler, bullmq.dedup cascade');
  await client.end();
  const afterLoss = swept;
  await until(() => swept >= afterLoss + 3, 15_000);
  expect(swept).toBeGreaterThanOrEqual(afterLoss + 3);
}, 60_000);
