import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedPostgres } from '../../src/core/persistence/embedded/embedded-postgres.js';
import { HubLock } from '../../src/core/persistence/embedded/hub-lock.js';

const TUNING = { maxConnections: 20, durable: false };

let dataDir: string;
let server: EmbeddedPostgres;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'crossdock-embedded-'));
  server = await EmbeddedPostgres.start({ dataDir, tuning: TUNING });
});

afterAll(async () => {
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function ask<T>(url: string, sql: string): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ value: T }>(sql);
    return rows[0]?.value as T;
  } finally {
    await client.end();
  }
}

async function until(condition: () => Promise<boolean> | boolean, withinMs: number): Promise<number> {
  const start = Date.now();
  while (!(await condition())) {
    if (Date.now() - start > withinMs) throw new Error(`it did not happen within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return Date.now() - start;
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

describe('embedded Postgres', () => {
  it('asks for a password, listens on loopback only and has no socket', async () => {
    const url = new URL(server.url('postgres'));
    url.password = 'wrong';
    await expect(ask(url.href, 'select 1 as value')).rejects.toMatchObject({ code: '28P01' });
    expect(await ask(server.url('postgres'), "select current_setting('listen_addresses') as value")).toBe('127.0.0.1');
    expect(await ask(server.url('postgres'), "select current_setting('unix_socket_directories') as value")).toBe('');
  });

  it('keeps its password where only the hub can read it', async () => {
    expect((await stat(join(dataDir, 'postgres.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(dataDir, 'postgres'))).mode & 0o777).toBe(0o700);
    expect(await readFile(join(dataDir, 'postgres.log'), 'utf8')).not.toContain(new URL(server.url('postgres')).password);
  });

  it('makes a database once, however often it is asked', async () => {
    const url = await server.ensureDatabase('crossdock');
    expect(await server.ensureDatabase('crossdock')).toBe(url);
    expect(await ask(url, 'select current_database() as value')).toBe('crossdock');
  });

  it('is started again on the same port when it is killed, with everything that was committed', async () => {
    const url = server.url('postgres');
    await ask(url, 'create table kept as select 42 as value');
    await ask(url, 'checkpoint');
    const first = server.pid;
    process.kill(first, 'SIGKILL');
    const healedMs = await until(() => ask(url, 'select value from kept').then((value) => value === 42, () => false), 10_000);
    expect(healedMs).toBeLessThan(10_000);
    await until(() => server.pid !== first, 5_000);
  });

  it('is adopted by the next hub when the hub before was killed and the server was not', async () => {
    // A second supervisor on the same folder is what the next process sees; the first is told to forget its server.
    const abandoned = server;
    const next = await EmbeddedPostgres.start({ dataDir, tuning: TUNING });
    expect(next.adopted).toBe(true);
    expect(next.pid).toBe(abandoned.pid);
    expect(next.url('postgres')).toBe(abandoned.url('postgres'));
    await abandoned.stop();
    await next.stop();
    await until(() => isGone(next.pid), 5_000);
    server = await EmbeddedPostgres.start({ dataDir, tuning: TUNING });
    expect(server.adopted).toBe(false);
  });

  it('starts over a lock file that names a stranger, since process ids are reused', async () => {
    await server.stop();
    const url = new URL(server.url('postgres'));
    await writeFile(join(dataDir, 'postgres/data/postmaster.pid'), `${process.pid}\n${join(dataDir, 'postgres/data')}\n1700000000\n${url.port}\n\n127.0.0.1\n0\nready\n`);
    server = await EmbeddedPostgres.start({ dataDir, tuning: TUNING });
    expect(server.adopted).toBe(false);
    expect(await ask(server.url('postgres'), 'select value from kept')).toBe(42);
  });

  it('takes another port when a stranger sits on its own', async () => {
    await server.stop();
    const { createServer } = await import('node:net');
    const before = Number(new URL(server.url('postgres')).port);
    const stranger = createServer();
    await new Promise<void>((resolve) => stranger.listen(before, '127.0.0.1', resolve));
    try {
      server = await EmbeddedPostgres.start({ dataDir, tuning: TUNING });
      expect(Number(new URL(server.url('postgres')).port)).not.toBe(before);
      expect(await ask(server.url('postgres'), 'select value from kept')).toBe(42);
    } finally {
      stranger.close();
    }
  });

  it('says what is missing when the password file is gone, rather than making a new cluster over the old', async () => {
    await server.stop();
    const file = join(dataDir, 'postgres.json');
    const kept = await readFile(file);
    await rm(file);
    await expect(EmbeddedPostgres.start({ dataDir, tuning: TUNING })).rejects.toThrow(/postgres\.json is gone/);
    await writeFile(file, kept, { mode: 0o600 });
    server = await EmbeddedPostgres.start({ dataDir, tuning: TUNING });
    expect(await ask(server.url('postgres'), 'select value from kept')).toBe(42);
  });
});

describe('the lock on a data directory', () => {
  it('refuses a second hub and names the first', async () => {
    const lock = HubLock.take(dataDir);
    lock.describe('http://127.0.0.1:8080');
    expect(() => HubLock.take(dataDir)).toThrow(new RegExp(`process ${process.pid}, http://127.0.0.1:8080\\) already runs on ${dataDir}`));
    lock.release();
    HubLock.take(dataDir).release();
  });
});
