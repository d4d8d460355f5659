import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { credentialPurpose } from '../../src/core/connector/connections/connection-store.js';
import { dataSourceOptions } from '../../src/core/persistence/data-source.js';
import { Database } from '../../src/core/persistence/database.js';
import { KeyRing } from '../../src/core/vault/key-ring.js';
import { requireBuild, ROOT } from '../support/built.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { testSettings } from '../support/settings.js';

const CONNECTIONS = 40;
/** Of these the credentials were stored before there were data keys. */
const OLD_ONES = 15;

let store: TestDatabase;
let source: DataSource;
let database: Database;
let dataDir: string;
/** The replica that was running before all this. */
let running: KeyRing;

const ringOf = (folder = dataDir): KeyRing => new KeyRing(testSettings({ databaseUrl: store.url, dataDir: folder }), database);
const keyFile = (): string => join(dataDir, 'credentials.key');
const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env.PATH, DATABASE_URL: store.url, CROSSDOCK_DATA_DIR: dataDir });

function keys(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(ROOT, 'dist/src/commands/keys.js'), ...args], { env: environment(), encoding: 'utf8' });
}

/** Kills the command after so many lines of progress. @returns whether it was still at work. */
function killedAfter(lines: number, ...args: string[]): Promise<boolean> {
  const child = spawn(process.execPath, [join(ROOT, 'dist/src/commands/keys.js'), ...args], { env: environment(), stdio: ['ignore', 'pipe', 'ignore'] });
  let seen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
    if ((seen.match(/ of /g) ?? []).length >= lines) child.kill('SIGKILL');
  });
  return new Promise((resolve) => child.once('close', (_code, signal) => resolve(signal === 'SIGKILL')));
}

/** Every secret as a process that starts now would read it. */
async function readAll(ring: KeyRing): Promise<string[]> {
  const rows = await database.query<{ source_id: number; field: string; sealed: Buffer; keyId: string }>('select source_id, field, sealed, key_id as "keyId" from connector.credential order by source_id');
  // All of them end before the answer: a read that is still under way would share its failure with the next.
  const read = await Promise.allSettled(rows.map(async (row) => (await ring.vaultOf(row.keyId)).open(row.source_id, row.field, row)));
  return read.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

beforeAll(async () => {
  requireBuild();
  store = await createTestDatabase();
  dataDir = mkdtempSync(join(tmpdir(), 'crossdock-keys-'));
  source = await new DataSource(dataSourceOptions(store.url, 4)).initialize();
  database = new Database(source);
  running = ringOf();
  const { active } = await running.masterKeys();
  for (let index = 0; index < CONNECTIONS; index += 1) {
    const [made] = await database.query<{ id: number }>(
      `insert into connector.connection (id, name, plugin, config, enabled, match_items_by, allow_private_network) values ($1, $1, 'shop', '{}', false, 'sku', false) returning source_id as id`, [`shop-${index}`]);
    const sourceId = made?.id ?? 0;
    const vault = index < OLD_ONES ? active : await running.vaultFor(credentialPurpose(sourceId));
    const { sealed, keyId } = vault.seal(sourceId, 'token', `secret ${index}`);
    await database.execute('insert into connector.credential (source_id, field, generation, sealed, key_id) values ($1, $2, 1, $3, $4)', [sourceId, 'token', sealed, keyId]);
  }
});

afterAll(async () => {
  await source.destroy();
  await store.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

const secrets = Array.from({ length: CONNECTIONS }, (_, index) => `secret ${index}`);

it('loses nothing however often it is killed, is gone on with, and lets the old key be taken away', { timeout: 180_000 }, async () => {
  const before = readFileSync(keyFile(), 'utf8');
  expect(await killedAfter(5, 'rotate', '--new', '--batch', '1')).toBe(true);
  expect(readFileSync(keyFile(), 'utf8').trim().split('\n')).toHaveLength(2);
  expect(await readAll(ringOf())).toEqual(secrets);
  expect(keys('status').stdout).toMatch(/older, still needed/);
  // A key that something is under is never taken out.
  expect(keys('forget').stdout).toContain('0 keys taken out');
  for (const lines of [3, 9]) {
    expect(await killedAfter(lines, 'rotate', '--batch', '1')).toBe(true);
    expect(await readAll(ringOf())).toEqual(secrets);
  }
  const finished = keys('rotate');
  expect([finished.status, finished.stderr]).toEqual([0, '']);
  expect(finished.stdout).toMatch(/can be taken away/);
  expect(finished.stdout).toMatch(/finished at/);
  expect(keys('forget').stdout).toContain('1 keys taken out');
  expect(readFileSync(keyFile(), 'utf8')).not.toContain(before.trim());
  expect(keys('check')).toMatchObject({ status: 0, stdout: 'every stored credential opens\n' });
  // The replica that ran all the while, and one that starts now.
  expect(await readAll(running)).toEqual(secrets);
  expect(await readAll(ringOf())).toEqual(secrets);
});

it('names the connections whose credentials do not open when a key is missing, and every command says which', { timeout: 120_000 }, async () => {
  const good = readFileSync(keyFile());
  writeFileSync(keyFile(), `${Buffer.alloc(32, 7).toString('base64')}\n`);
  const check = keys('check');
  expect(check.status).toBe(1);
  for (const name of ['shop-0', 'shop-39']) expect(check.stdout).toContain(`connection ${name}, token: The master key `);
  expect(keys('status')).toMatchObject({ status: 1, stdout: expect.stringMatching(/MISSING; wraps \d+ data keys/) as string });
  expect(keys('rotate')).toMatchObject({ status: 1, stderr: expect.stringMatching(/The master key [0-9a-f]{16} is missing; this hub has/) as string });
  await expect(readAll(ringOf())).rejects.toMatchObject({ code: 'CREDENTIALS_UNREADABLE', message: expect.stringContaining('docs/runbooks/key-rotation.md') as string });
  writeFileSync(keyFile(), good);
  expect(keys('check').status).toBe(0);
});

it('is followed by a replica that knew none of it, once its file has the key', { timeout: 120_000 }, async () => {
  const other = mkdtempSync(join(tmpdir(), 'crossdock-replica-'));
  writeFileSync(join(other, 'credentials.key'), readFileSync(keyFile()), { mode: 0o600 });
  const replica = ringOf(other);
  await replica.masterKeys();
  expect(keys('rotate', '--new').status).toBe(0);
  await expect(readAll(replica)).rejects.toMatchObject({ code: 'CREDENTIALS_UNREADABLE' });
  writeFileSync(join(other, 'credentials.key'), readFileSync(keyFile()));
  expect(await readAll(replica)).toEqual(secrets);
  rmSync(other, { recursive: true, force: true });
});

it('tells wrong use from faults', { timeout: 120_000 }, () => {
  for (const args of [[], ['turn'], ['rotate', '--batch', '0'], ['status', '--new'], ['rotate', '--force']]) expect([args, keys(...args).status]).toEqual([args, 2]);
  chmodSync(keyFile(), 0o644);
  expect(keys('status')).toMatchObject({ status: 2, stderr: expect.stringContaining('chmod 600') as string });
  chmodSync(keyFile(), 0o600);
});
