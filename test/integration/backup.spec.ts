import { existsSync } from 'node:fs';
import { chmod, mkdtemp, open, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDataDir } from '../../src/core/persistence/data-dir.js';
import { migrate } from '../../src/core/persistence/data-source.js';
import { backUp } from '../../src/core/persistence/embedded/backup/back-up.js';
import { checkCluster, type Finding } from '../../src/core/persistence/embedded/backup/check-cluster.js';
import { restore } from '../../src/core/persistence/embedded/backup/restore.js';
import { EmbeddedPostgres } from '../../src/core/persistence/embedded/embedded-postgres.js';
import { HubLock } from '../../src/core/persistence/embedded/hub-lock.js';
import { checkBalances } from '../../src/modules/inventory/index.js';

const TUNING = { maxConnections: 20, durable: false };
const quiet = (): void => undefined;

let folder: string;
let dataDir: string;
let server: EmbeddedPostgres;
let lock: HubLock;
let client: pg.Client;
let sequence = 0;

/** One sale or receipt, as the ledger's own function books it. */
async function book(quantity = 5): Promise<void> {
  await client.query('select inventory.record_movements($1, $2, $3, $4, $5, $6, $7, $8, now_list, $9) from (select array[now()] as now_list) t', [
    [1], [`fact-${(sequence += 1)}`], ['1'], [1], [sequence % 7 + 1], [quantity], [0], [8], ['test'],
  ]);
}

const movements = async (url: string): Promise<number> => {
  const one = new pg.Client({ connectionString: url });
  await one.connect();
  const { rows } = await one.query<{ count: string }>('select count(*) from inventory.movement');
  await one.end();
  return Number(rows[0]?.count);
};

const checks = (url: string): Promise<Finding[]> => checkCluster(url, [(one) => checkBalances(one)], quiet);
const backup = (name: string, withKey = false): ReturnType<typeof backUp> => backUp({ dataDir, file: join(folder, name), version: '1.2.3', keyFile: withKey ? join(dataDir, 'credentials.key') : undefined, say: quiet });

async function restored<T>(file: string, work: (url: string, dataDir: string) => Promise<T>): Promise<T> {
  const target = await mkdtemp(join(folder, 'restored-'));
  await restore(join(folder, file), target, quiet);
  const copy = await EmbeddedPostgres.start({ dataDir: target, tuning: TUNING });
  try {
    return await work(copy.url('crossdock'), target);
  } finally {
    await copy.stop();
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crossdock-backup-'));
  // As root, Postgres runs as somebody else, who has to pass through.
  await chmod(folder, 0o711);
  dataDir = join(folder, 'hub');
  makeDataDir(dataDir);
  lock = HubLock.take(dataDir);
  server = await EmbeddedPostgres.start({ dataDir, tuning: TUNING });
  const url = await server.ensureDatabase('crossdock');
  await migrate(url);
  client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  for (let index = 0; index < 50; index += 1) await book();
});

afterAll(async () => {
  await client.end();
  await server.stop();
  lock.release();
  await rm(folder, { recursive: true, force: true });
});

describe('a backup', () => {
  it('taken while the hub writes holds whatever was acknowledged before it began, and is sound', async () => {
    const before = sequence;
    let writing = true;
    const writer = (async () => {
      while (writing) await book();
    })();
    const report = await backup('busy.tar.gz').finally(() => (writing = false));
    await writer;
    expect(report).toMatchObject({ online: true, files: expect.any(Number) as number });
    expect(sequence).toBeGreaterThan(before);
    await restored('busy.tar.gz', async (url) => {
      expect((await checks(url)).filter(({ ok }) => !ok)).toEqual([]);
      expect(await movements(url)).toBeGreaterThanOrEqual(before);
      expect(await movements(url)).toBeLessThanOrEqual(sequence);
    });
  });

  it('taken while the hub is stopped starts its Postgres for it and stops it again', async () => {
    await client.end();
    await server.stop();
    lock.release();
    try {
      expect(await backup('still.tar.gz')).toMatchObject({ online: false });
      expect(existsSync(join(dataDir, 'postgres/data/postmaster.pid'))).toBe(false);
      await restored('still.tar.gz', async (url) => expect(await movements(url)).toBe(sequence));
    } finally {
      lock = HubLock.take(dataDir);
      server = await EmbeddedPostgres.start({ dataDir, tuning: TUNING });
      client = new pg.Client({ connectionString: server.url('crossdock') });
      client.on('error', () => undefined);
      await client.connect();
    }
  });

  it('is readable by its owner alone, holds the key only when it is asked to, and replaces nothing', async () => {
    await expect(backup('keyed.tar.gz', true)).rejects.toMatchObject({ code: 'SETTINGS_INVALID' });
    expect((await readdir(folder)).filter((name) => name.startsWith('keyed'))).toEqual([]);
    await writeFile(join(dataDir, 'credentials.key'), 'the key', { mode: 0o600 });
    await backup('keyed.tar.gz', true);
    await backup('bare.tar.gz');
    expect((await stat(join(folder, 'keyed.tar.gz'))).mode & 0o777).toBe(0o600);
    await restored('keyed.tar.gz', async (_url, target) => expect(await readFile(join(target, 'credentials.key'), 'utf8')).toBe('the key'));
    await restored('bare.tar.gz', async (_url, target) => expect(existsSync(join(target, 'credentials.key'))).toBe(false));
    await expect(backup('bare.tar.gz')).rejects.toMatchObject({ code: 'SETTINGS_INVALID' });
    // Keys may lie outside of the data directory, and those that stand there already are left as they are.
    const [keyFile, target] = [join(folder, 'elsewhere.key'), join(folder, 'keys-elsewhere')];
    expect(await restore(join(folder, 'keyed.tar.gz'), target, quiet, keyFile)).toMatchObject({ key: 'written' });
    expect([await readFile(keyFile, 'utf8'), existsSync(join(target, 'credentials.key'))]).toEqual(['the key', false]);
    await writeFile(keyFile, 'another key');
    expect(await restore(join(folder, 'keyed.tar.gz'), join(folder, 'keys-kept'), quiet, keyFile)).toMatchObject({ key: 'kept' });
    expect(await readFile(keyFile, 'utf8')).toBe('another key');
  });
});

describe('a restore', () => {
  it('refuses a file that was changed, one that was cut short, one that is something else, and a directory that holds a cluster', async () => {
    const whole = await readFile(join(folder, 'bare.tar.gz'));
    const changed = Buffer.from(whole);
    changed[Math.floor(whole.length / 2)] = (changed[Math.floor(whole.length / 2)] ?? 0) ^ 1;
    await writeFile(join(folder, 'changed.tar.gz'), changed);
    await writeFile(join(folder, 'changed.tar.gz.sha256'), await readFile(join(folder, 'bare.tar.gz.sha256')));
    await writeFile(join(folder, 'cut.tar.gz'), whole.subarray(0, whole.length - 100_000));
    await writeFile(join(folder, 'other.tar.gz'), 'no archive at all');
    for (const [file, why] of [['changed', /its checksum is/], ['cut', /cut short|damaged/], ['other', /damaged/], ['missing', /no such file/]] as const) {
      const target = join(folder, `refused-${file}`);
      await expect(restore(join(folder, `${file}.tar.gz`), target, quiet)).rejects.toMatchObject({ code: 'SETTINGS_INVALID', message: expect.stringMatching(why) as string });
      expect(existsSync(join(target, 'postgres/data'))).toBe(false);
    }
    await expect(restore(join(folder, 'bare.tar.gz'), dataDir, quiet)).rejects.toMatchObject({ message: expect.stringContaining('overwrites nothing') as string });
  });

  it('that a kill cut off is simply done again', async () => {
    const target = join(folder, 'again');
    await expect(restore(join(folder, 'cut.tar.gz'), target, quiet)).rejects.toThrow();
    expect(existsSync(join(target, 'postgres/data.restoring'))).toBe(true);
    await restore(join(folder, 'bare.tar.gz'), target, quiet);
    expect(existsSync(join(target, 'postgres/data.restoring'))).toBe(false);
  });
});

describe('the checks', () => {
  it('find a level that is not the sum of its movements', async () => {
    await restored('bare.tar.gz', async (url) => {
      const one = new pg.Client({ connectionString: url });
      await one.connect();
      await one.query('delete from inventory.movement where batch_id = (select min(batch_id) from inventory.movement)');
      await one.end();
      expect((await checks(url)).filter(({ ok }) => !ok)).toEqual([{ check: 'the ledger', ok: false, detail: expect.stringContaining('1 of 7 levels') as string }]);
    });
  });

  it('find a page that was damaged on disk', async () => {
    const target = join(folder, 'damaged');
    await restore(join(folder, 'bare.tar.gz'), target, quiet);
    const first = await EmbeddedPostgres.start({ dataDir: target, tuning: TUNING });
    const one = new pg.Client({ connectionString: first.url('crossdock') });
    await one.connect();
    const { rows } = await one.query<{ path: string }>(`select pg_relation_filepath('inventory.movement') as path`);
    await one.end();
    await first.stop();
    const file = await open(join(target, 'postgres/data', rows[0]?.path ?? ''), 'r+');
    await file.write(Buffer.from('damage'), 0, 6, 8_000);
    await file.close();
    const second = await EmbeddedPostgres.start({ dataDir: target, tuning: TUNING });
    const failed = (await checks(second.url('crossdock'))).filter(({ ok }) => !ok);
    await second.stop();
    expect(failed.map(({ check }) => check)).toContain('tables');
    expect(failed[0]?.detail).toMatch(/invalid page/);
  });

  it('find a schema that a newer hub made', async () => {
    await restored('bare.tar.gz', async (url) => {
      const one = new pg.Client({ connectionString: url });
      await one.connect();
      await one.query(`insert into migrations (timestamp, name) values (9999999999999, 'FromTheFuture9999999999999')`);
      await one.end();
      expect((await checks(url)).find(({ check }) => check === 'schema')).toMatchObject({ ok: false, detail: expect.stringContaining('FromTheFuture') as string });
    });
  });
});
