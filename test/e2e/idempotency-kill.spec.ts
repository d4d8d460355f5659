import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { killWhereItStands, shiftClock, standStillAt } from '../support/crash/stand-still.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startHub, type Hub, type HubAnswer } from '../support/hub.js';

let database: TestDatabase;
let dataDir: string;
let hub: Hub;
let sql: pg.Client;

beforeEach(async () => {
  [database, dataDir] = await Promise.all([createTestDatabase(), mkdtemp(join(tmpdir(), 'crossdock-once-'))]);
  hub = await startHub({ databaseUrl: database.url, dataDir });
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
});

afterEach(async () => {
  await hub.kill();
  await hub.dispose();
  await sql.end();
  await Promise.all([database.drop(), rm(dataDir, { recursive: true, force: true })]);
});

const create = (): Promise<HubAnswer<{ id: string; key: string }>> =>
  hub.api('POST', '/admin/v1/clients', { name: 'made once', scopes: ['stock:read'] }, { headers: { 'idempotency-key': 'order-4711' } });

/** Starts the hub again at a moment when the claim of the killed has run out by the database's clock. */
async function startLater(): Promise<void> {
  await shiftClock(sql, '10 seconds');
  hub = await startHub({ databaseUrl: database.url, dataDir });
}

it.each([
  ['before its effect is committed', 'insert on governance.api_key', 0],
  ['between its effect and its answer', 'update of status on idempotency.request', 1],
])('does once what a caller asks for twice, killed %s', async (_when, event, doneBefore) => {
  await standStillAt(sql, event);
  const first = create().catch((error: unknown) => error);
  await killWhereItStands(sql, () => hub.kill());
  expect(await first).toBeInstanceOf(Error);
  const made = async (): Promise<string[]> => (await sql.query<{ id: string }>(`select id from governance.api_client where name = 'made once'`)).rows.map(({ id }) => id);
  expect(await made()).toHaveLength(doneBefore);
  await startLater();
  const [second, third] = [await create(), await create()];
  expect(second.status).toBe(201);
  expect(third.body).toEqual(second.body);
  expect(await made()).toEqual([second.body.id]);
  expect(await hub.api('GET', '/api/v1/ledger', undefined, { token: second.body.key })).toMatchObject({ status: 200 });
}, 60_000);
