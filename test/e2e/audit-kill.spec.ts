import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { killWhereItStands, shiftClock, standStillAt } from '../support/crash/stand-still.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { HUB_ADMIN, startHub, type Hub } from '../support/hub.js';

interface Entry {
  readonly action: string;
  readonly status: number | null;
  readonly change: unknown;
  readonly actor: { readonly name: string };
}

let database: TestDatabase;
let dataDir: string;
let hub: Hub;
let sql: pg.Client;

beforeEach(async () => {
  [database, dataDir] = await Promise.all([createTestDatabase(), mkdtemp(join(tmpdir(), 'crossdock-audit-'))]);
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

const made = async (): Promise<number | null> => (await sql.query(`select from governance.api_client where name = 'made in secret'`)).rowCount;
const entries = async (): Promise<Entry[]> => (await hub.api<{ items: Entry[] }>('GET', '/admin/v1/audit?action=POST%20/admin/v1/clients')).body.items;

it.each([
  ['between a write and its entry', 'insert on audit.entry', 1],
  ['within the write itself', 'insert on governance.api_key', 0],
])('leaves no write without a trace, killed %s: the log says that nobody knows how it ended', async (_when, event, done) => {
  await standStillAt(sql, event);
  const call = hub.api('POST', '/admin/v1/clients', { name: 'made in secret', scopes: ['stock:read'] }).catch((error: unknown) => error);
  await killWhereItStands(sql, () => hub.kill());
  expect(await call).toBeInstanceOf(Error);
  expect(await made()).toBe(done);

  await sql.query(`select audit.settle_forgotten('10 minutes')`);
  expect((await sql.query('select from audit.begun')).rowCount).toBe(1);
  await shiftClock(sql, '11 minutes');
  hub = await startHub({ databaseUrl: database.url, dataDir });
  await expect.poll(async () => (await entries()).filter(({ status }) => status === null)).toMatchObject([
    { action: 'POST /admin/v1/clients', status: null, change: { name: '[hidden]', scopes: '[hidden]' }, actor: { name: HUB_ADMIN.email } },
  ]);
  expect((await hub.api('POST', '/admin/v1/audit/verify', {})).body).toMatchObject({ intact: true });
  expect((await sql.query('select from audit.begun')).rowCount).toBe(0);
}, 90_000);
