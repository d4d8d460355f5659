import { afterEach, expect, it } from 'vitest';
import { createTestDatabase } from '../support/database.js';
import { type Hub, startHub } from '../support/hub.js';

const hubs: Hub[] = [];

async function hub(...given: Parameters<typeof startHub>): Promise<Hub> {
  const started = await startHub(...given);
  hubs.push(started);
  return started;
}

afterEach(async () => {
  for (const one of hubs.splice(0)) await one.dispose();
});

it('answers its health and stops with code 0 on SIGTERM', async () => {
  const one = await hub();
  expect((await one.api('GET', '/health/ready', undefined, { token: null })).status).toBe(200);
  expect(await one.stop()).toBe(0);
});

it('loses nothing by kill -9: the admin who claimed it signs in to the next process', async () => {
  const database = await createTestDatabase();
  const one = await hub({ databaseUrl: database.url });
  await one.kill();
  const two = await hub({ databaseUrl: database.url });
  expect((await two.api('GET', '/health/ready', undefined, { token: null })).status).toBe(200);
  await two.stop();
  await database.drop();
});
