import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../../src/core/lifecycle/node-flags.js';
import { EmbeddedPostgres } from '../../src/core/persistence/embedded/embedded-postgres.js';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const TOKEN = 'bench-setup-token-0123';

/** A hub process of its own on a Postgres of its own (fsync on, the hub's settings), both gone after `stop`. */
export interface BenchHub {
  readonly url: string;
  readonly databaseUrl: string;
  readonly adminToken: string;
  /** An API client's key with every scope. */
  readonly key: string;
  readonly pid: number;
  call(method: string, path: string, body?: unknown, token?: string): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

export async function startBenchHub(env: Record<string, string> = {}): Promise<BenchHub> {
  const folder = mkdtempSync(join(tmpdir(), 'crossdock-bench-'));
  const postgres = await EmbeddedPostgres.start({ dataDir: folder });
  const databaseUrl = await postgres.ensureDatabase('bench');
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN], {
    env: { PATH: process.env['PATH'], CROSSDOCK_PORT: '0', CROSSDOCK_DATA_DIR: join(folder, 'hub'), CROSSDOCK_SETUP_TOKEN: TOKEN, DATABASE_URL: databaseUrl, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await ready(child);
  const call: BenchHub['call'] = async (method, path, body, token) => {
    const response = await fetch(url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(token ? { authorization: `Bearer ${token}` } : {}) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? (JSON.parse(text) as Record<string, unknown>) : {};
  };
  const admin = { email: 'bench@example.test', password: 'a long bench password' };
  await call('POST', '/admin/v1/setup', { token: TOKEN, ...admin });
  const adminToken = (await call('POST', '/admin/v1/sessions', admin))['token'] as string;
  const scopes = ['catalog:read', 'catalog:write', 'stock:read', 'stock:write', 'reservations:write'];
  const key = (await call('POST', '/admin/v1/clients', { name: 'bench', scopes }, adminToken))['key'] as string;
  const stop = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, databaseUrl, adminToken, key, pid: child.pid as number, call, stop };
}

function ready(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the hub ended with ${String(code)} before it was ready`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const match = /^Crossdock ready: (\S+)/.exec(line);
      if (match) resolve(match[1] as string);
    });
  });
}
