import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
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

/** Makes every write of the kind stand still within Postgres until the hub has been killed. */
async function standStillAt(event: string): Promise<void> {
  await sql.query(`create function pg_temp_stop() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(4711); return new; end $$`);
  await sql.query(`create trigger stop before ${event} for each row execute function pg_temp_stop()`);
  await sql.query('select pg_advisory_lock(4711)');
}

async function killWhereItStands(): Promise<void> {
  const waits = `select pid from pg_locks where locktype = 'advisory' and objid = 4711 and not granted and database = (select oid from pg_database where datname = current_database())`;
  await expect.poll(async () => (await sql.query(waits)).rowCount, { timeout: 15_000 }).toBe(1);
  await hub.kill();
  // Postgres notices that its client is gone only when it has something to say to it.
  await sql.query(`select pg_terminate_backend(pid) from (${waits}) w`);
  await expect.poll(async () => (await sql.query(waits)).rowCount).toBe(0);
  await sql.query('drop function pg_temp_stop cascade');
}

/** Starts the hub again at a moment when the claim of the killed has run out by the database's clock. */
async function startLater(): Promise<void> {
  await sql.query(`do $$ begin execute format('alter database %I set crossdock.clock_shift = %L', current_database(), '10 seconds'); end $$`);
  hub = await startHub({ databaseUrl: database.url, dataDir });
}

it.each([
  ['before its effect is committed', 'insert on governance.api_key', 0],
  ['between its effect and its answer', 'update of status on idempotency.request', 1],
])('does once what a caller asks for twice, killed %s', async (_when, event, doneBefore) => {
  await standStillAt(event);
  const first = create().catch((error: unknown) => error);
  await killWhereItStands();
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
