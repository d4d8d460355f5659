import { Test, type TestingModule } from '@nestjs/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { OrchestrationModule } from '../../src/core/orchestration/orchestration.module.js';
import { WakeUps } from '../../src/core/orchestration/wake-ups.js';
import type { Role } from '../../src/core/settings/settings.js';
import { SettingsModule } from '../../src/core/settings/settings.module.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { testSettings } from '../support/settings.js';

let database: TestDatabase;
const open: TestingModule[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  for (const module of open.splice(0)) await module.close();
});

afterAll(async () => {
  await database.drop();
});

async function process(role: Role, register: (wakeUps: WakeUps) => void): Promise<WakeUps> {
  const module = await Test.createTestingModule({ imports: [SettingsModule.of(testSettings({ databaseUrl: database.url, role })), OrchestrationModule.forRole(role)] }).compile();
  open.push(module);
  const wakeUps = module.get(WakeUps);
  register(wakeUps);
  await module.init();
  return wakeUps;
}

/** Jobs that wait for a worker or are in its hands. */
async function pending(): Promise<number> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query<{ count: number }>("select count(*)::int as count from bullmq.job where state in ('waiting', 'active')");
  await client.end();
  return rows[0]?.count ?? 0;
}

async function until(condition: () => Promise<boolean> | boolean, withinMs = 10_000): Promise<number> {
  const start = Date.now();
  while (!(await condition())) {
    if (Date.now() - start > withinMs) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return Date.now() - start;
}

const HOUR_MS = 3_600_000;

it('runs the work once at start, so that what a killed process left is found at once', async () => {
  let runs = 0;
  const wakeUps = await process('all', (w) => w.on('start', async () => void (runs += 1), { sweepEveryMs: HOUR_MS }));
  await wakeUps.idle();
  expect(runs).toBe(1);
});

it('turns any number of rings during a run into exactly one more run', async () => {
  let runs = 0;
  let release = (): void => undefined;
  const wakeUps = await process('all', (w) =>
    w.on('burst', () => { runs += 1; return new Promise((resolve) => (release = resolve)); }, { sweepEveryMs: HOUR_MS }));
  await until(() => runs === 1);
  for (let i = 0; i < 50; i += 1) wakeUps.ring('burst');
  expect(runs).toBe(1);
  release();
  await until(() => runs === 2);
  release();
  await wakeUps.idle();
  expect(runs).toBe(2);
});

it('keeps a topic alive after its work has thrown', async () => {
  let runs = 0;
  const wakeUps = await process('all', (w) => w.on('fragile', async () => { runs += 1; if (runs === 1) throw new Error('once'); }, { sweepEveryMs: HOUR_MS }));
  await wakeUps.idle();
  wakeUps.ring('fragile');
  await wakeUps.idle();
  expect(runs).toBe(2);
});

it('brings a ring from a process that only answers HTTP to a worker', async () => {
  let worked = 0;
  let wrong = 0;
  const worker = await process('worker', (w) => w.on('afar', async () => void (worked += 1), { sweepEveryMs: HOUR_MS }));
  const api = await process('api', (w) => w.on('afar', async () => void (wrong += 1), { sweepEveryMs: HOUR_MS }));
  // The start itself rings, and so does the first tick of the new schedule.
  await until(async () => (await pending()) === 0);
  await worker.idle();
  const before = worked;
  for (let i = 0; i < 100; i += 1) api.ring('afar');
  await until(() => worked > before);
  await until(async () => (await pending()) === 0);
  await worker.idle();
  expect(worked - before).toBeLessThanOrEqual(3);
  expect(wrong).toBe(0);
});

it('sweeps by itself, with one tick for all replicas together', async () => {
  let runs = 0;
  const count = (w: WakeUps): void => w.on('swept', async () => void (runs += 1), { sweepEveryMs: 500 });
  await process('worker', count);
  await process('worker', count);
  await until(() => runs >= 5);
  const before = runs;
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(runs - before).toBeGreaterThanOrEqual(2);
  expect(runs - before).toBeLessThanOrEqual(5);
});
