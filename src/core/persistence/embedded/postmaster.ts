import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { HubError } from '../../errors/index.js';
import { SUPERUSER, type Cluster } from './cluster.js';

/** A running Postgres server: one that this process started, or one that outlived the hub that started it. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly adopted: boolean;
}

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const LIVENESS_POLL_MS = 250;
/** What Postgres writes when another program listens on its port: waiting does not help. */
export const PORT_TAKEN = /could not bind IPv4 address|Address already in use/;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A process id is reused, above all in containers: where /proc tells, the process must be a Postgres on this very folder. */
function isPostgresOn(pid: number, data: string): boolean {
  if (!isAlive(pid)) return false;
  try {
    const state = /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return state !== 'Z' && words.includes(data) && (words[0] ?? '').includes('postgres');
  } catch {
    return process.platform !== 'linux';
  }
}

function lockFile(cluster: Cluster): { pid: number; port: number; status: string } | undefined {
  try {
    const lines = readFileSync(join(cluster.data, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), status: (lines[7] ?? '').trim() };
  } catch {
    return undefined;
  }
}

export function databaseUrl(cluster: Cluster, database: string): string {
  return `postgres://${SUPERUSER}:${encodeURIComponent(cluster.access.password)}@127.0.0.1:${cluster.access.port}/${database}`;
}

/** One short conversation with the server as its superuser. */
export async function asSuperuser<T>(cluster: Cluster, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl(cluster, 'postgres'), connectionTimeoutMillis: 3_000 });
  // A server that dies in mid-conversation must fail the query, not the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function waitUntilReady(cluster: Cluster, gone: () => boolean, withinMs: number): Promise<'ready' | 'gone' | 'late'> {
  const deadline = Date.now() + withinMs;
  while (Date.now() < deadline) {
    if (gone()) return 'gone';
    const status = lockFile(cluster)?.status;
    if (status === 'ready' && (await asSuperuser(cluster, (client) => client.query('select 1')).then(() => true, () => false))) return 'ready';
    await sleep(40);
  }
  return 'late';
}

/** The server that a killed hub left behind, if it runs and answers with the stored password. */
export async function adopt(cluster: Cluster): Promise<Postmaster | undefined> {
  const lock = lockFile(cluster);
  if (!lock || !isPostgresOn(lock.pid, cluster.data)) return undefined;
  const own = { ...cluster, access: { ...cluster.access, port: lock.port } };
  const state = await waitUntilReady(own, () => !isPostgresOn(lock.pid, cluster.data), 60_000);
  if (state === 'late') throw new HubError('POSTGRES_FAILED', { detail: `A Postgres (process ${lock.pid}) runs on ${cluster.data} but does not answer; see ${cluster.log}.` });
  return state === 'ready' ? { pid: lock.pid, port: lock.port, adopted: true } : undefined;
}

function openLog(path: string): number {
  try {
    if (statSync(path).size > LOG_LIMIT_BYTES) renameSync(path, `${path}.1`);
  } catch {
    // There is no log yet.
  }
  return openSync(path, 'a', 0o600);
}

async function spawnOnce(cluster: Cluster): Promise<Postmaster | { failed: string }> {
  const lock = lockFile(cluster);
  // Postgres trusts the number alone: when a stranger has it now, Postgres would refuse to start for ever.
  if (lock && !isPostgresOn(lock.pid, cluster.data)) rmSync(join(cluster.data, 'postmaster.pid'), { force: true });
  const log = openLog(cluster.log);
  const logStart = statSync(cluster.log).size;
  const child = spawn(cluster.binaries.postgres, ['-D', cluster.data], {
    // Detached: a Ctrl-C in the terminal is for the hub, which stops Postgres last of all.
    detached: true, cwd: cluster.data, stdio: ['ignore', log, log], uid: cluster.user?.uid, gid: cluster.user?.gid,
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: process.env['PATH'] },
  });
  closeSync(log);
  let exited = false;
  child.once('exit', () => (exited = true));
  child.once('error', () => (exited = true));
  child.unref();
  const state = await waitUntilReady(cluster, () => exited, 120_000);
  if (state === 'ready' && child.pid) return { pid: child.pid, port: cluster.access.port, adopted: false };
  if (state === 'late') child.kill('SIGQUIT');
  return { failed: readFileSync(cluster.log, 'utf8').slice(logStart).trim().split('\n').slice(-6).join('\n') || state };
}

/**
 * Starts a server and waits until it answers. Just after a kill -9 of an earlier one its children still hold the
 * shared memory for a moment, so a refusal is tried again for five seconds.
 * @throws HubError POSTGRES_FAILED with the end of Postgres' own log.
 */
export async function launch(cluster: Cluster): Promise<Postmaster> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const outcome = await spawnOnce(cluster);
    if (!('failed' in outcome)) return outcome;
    if (PORT_TAKEN.test(outcome.failed) || Date.now() > deadline) throw new HubError('POSTGRES_FAILED', { detail: `Postgres does not start; the end of ${cluster.log}:\n${outcome.failed}`, facts: { log: outcome.failed } });
    await sleep(250);
  }
}

/** Resolves when the server is gone, by whatever cause. Polled, because an adopted server is nobody's child here. */
export async function untilGone(cluster: Cluster, postmaster: Postmaster, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && isPostgresOn(postmaster.pid, cluster.data)) {
    await sleep(LIVENESS_POLL_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Asks for a fast shutdown and does not wait for it. */
export function interrupt(cluster: Cluster, postmaster: Postmaster): void {
  if (isPostgresOn(postmaster.pid, cluster.data)) process.kill(postmaster.pid, 'SIGINT');
}

/** Fast shutdown: open transactions are rolled back, everything committed is on disk when it resolves. */
export async function shutDown(cluster: Cluster, postmaster: Postmaster, withinMs = 30_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  interrupt(cluster, postmaster);
  while (isPostgresOn(postmaster.pid, cluster.data)) {
    if (Date.now() > deadline) process.kill(postmaster.pid, 'SIGQUIT');
    await sleep(20);
  }
}
