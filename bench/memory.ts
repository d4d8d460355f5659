/**
 * What an idle hub holds: `npm run bench -- memory [--settle 45] [--seconds 20]`. Starts `npm start` as a retailer does, in a
 * data directory of its own, and adds up what npm, the hub and its Postgres hold (Linux): once after a start, once after stock
 * has been moved and read for some seconds. Each figure is the median of five samples after so many seconds of rest.
 * Memory of a process and memory shared within the tree count by share; program files count once, whole, though other
 * programs on the machine may have them in memory as well.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { median, option, say, verdictAtMost } from './stage/measure.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TOKEN = 'bench-setup-token-0123';
const settleMs = option('settle', 45) * 1_000;
const loadMs = option('seconds', 20) * 1_000;

/** The process and everything that it started, from Linux' own list. */
function treeOf(root: number): number[] {
  const parents = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    const stat = unlessGone(() => readFileSync(`/proc/${name}/stat`, 'utf8'));
    return stat === undefined ? [] : [{ pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }];
  });
  const tree = [root];
  for (const pid of tree) tree.push(...parents.filter(({ parent }) => parent === pid).map((one) => one.pid));
  return tree;
}

interface Holding {
  own: number;
  /** By file: how much of it is in memory on behalf of this process. */
  readonly files: Map<string, number>;
}

function holdingOf(pid: number): Holding {
  const holding: Holding = { own: 0, files: new Map() };
  let file: string | undefined;
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const mapping = /^[\da-f]+-[\da-f]+ \S+ \S+ \S+ \S+\s*(.*)$/.exec(line);
    if (mapping) file = /^\/(?!dev\/|SYSV)/.test(mapping[1] ?? '') ? mapping[1] : undefined;
    const [, name, kilobytes] = /^(\w+):\s+(\d+) kB/.exec(line) ?? [];
    const size = Number(kilobytes) / 1_024;
    if (name === 'Pss' && file === undefined) holding.own += size;
    if (name === 'Rss' && file !== undefined) holding.files.set(file, (holding.files.get(file) ?? 0) + size);
    // What was written to is the process' own, be it a file's page or not.
    if (name === 'Anonymous' && file !== undefined) {
      holding.own += size;
      holding.files.set(file, (holding.files.get(file) ?? 0) - size);
    }
  }
  return holding;
}

/** Postgres' processes come and go. */
function unlessGone<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

type Program = 'npm' | 'hub' | 'Postgres';

function partsOf(root: number): Map<Program, number> {
  const parts = new Map<Program, number>();
  const counted = new Map<string, number>();
  for (const pid of treeOf(root)) {
    const process = unlessGone(() => ({ program: nameOf(pid), ...holdingOf(pid) }));
    if (!process) continue;
    const { program, own, files } = process;
    let held = own;
    for (const [file, size] of files) {
      held += Math.max(0, size - (counted.get(file) ?? 0));
      counted.set(file, Math.max(size, counted.get(file) ?? 0));
    }
    parts.set(program, (parts.get(program) ?? 0) + held);
  }
  return parts;
}

function nameOf(pid: number): Program {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  if (words.includes('postgres')) return 'Postgres';
  return words.includes('dist/src/main.js') ? 'hub' : 'npm';
}

async function measure(what: string, root: number): Promise<void> {
  await sleep(settleMs);
  const samples: Map<Program, number>[] = [];
  while (samples.length < 5) {
    samples.push(partsOf(root));
    await sleep(1_000);
  }
  const total = (parts: Map<Program, number>): number => [...parts.values()].reduce((sum, part) => sum + part, 0);
  verdictAtMost(`megabytes of the whole tree, idle ${what}`, median(samples.map(total)), 300, 0);
  say(`  ${(['npm', 'hub', 'Postgres'] as const).map((program) => `${program} ${median(samples.map((parts) => parts.get(program) ?? 0)).toFixed(0)}`).join(', ')}`);
}

const folder = mkdtempSync(join(tmpdir(), 'crossdock-bench-'));
const started = performance.now();
const npm = spawn('npm', ['start'], {
  cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, CROSSDOCK_PORT: '0', CROSSDOCK_DATA_DIR: folder, CROSSDOCK_SETUP_TOKEN: TOKEN },
});
const gone = new Promise<void>((resolve) => npm.once('exit', () => resolve()));
const url = await new Promise<string>((resolve, reject) => {
  npm.once('exit', (code) => reject(new Error(`npm start ended with ${String(code)} before the hub was ready`)));
  createInterface({ input: npm.stdout }).on('line', (line) => {
    const address = /^Crossdock ready: (\S+)/.exec(line)?.[1];
    if (address) resolve(address);
  });
});

async function call<Answer>(method: string, path: string, body: unknown, token?: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (answer.status === 204 ? undefined : await answer.json()) as Answer;
}

async function trade(): Promise<number> {
  const admin = { email: 'bench@example.test', password: 'a long bench password' };
  await call('POST', '/admin/v1/setup', { token: TOKEN, ...admin });
  const { token } = await call<{ token: string }>('POST', '/admin/v1/sessions', admin);
  const { key } = await call<{ key: string }>('POST', '/admin/v1/clients', { name: 'bench', scopes: ['catalog:write', 'stock:read', 'stock:write'] }, token);
  await call('PUT', '/api/v1/locations/dc', { name: 'DC', type: 'warehouse' }, key);
  await call('PUT', '/api/v1/channels/web', { name: 'Web', locations: ['dc'] }, key);
  for (let item = 0; item < 200; item += 1) await call('PUT', `/api/v1/items/item-${item}`, { name: `Item ${item}` }, key);
  let calls = 0;
  for (const end = performance.now() + loadMs; performance.now() < end; calls += 4) {
    const movements = Array.from({ length: 50 }, (_, n) => ({ eventId: `${calls}-${n}`, kind: 'receipt', item: `item-${(calls + n) % 200}`, quantity: 1, location: 'dc', occurredAt: '2026-11-23T09:00:00Z' }));
    await Promise.all([call('POST', '/api/v1/stock-movements', { movements }, key), call('GET', '/api/v1/ledger?limit=200', undefined, key), call('GET', '/api/v1/stock-levels', undefined, key), call('GET', '/api/v1/availability?channel=web&item=item-1', undefined, key)]);
  }
  return calls;
}

try {
  say(`ready ${((performance.now() - started) / 1_000).toFixed(1)} s after npm start`);
  await measure('after a start', npm.pid as number);
  const calls = await trade();
  await measure(`after ${calls} calls`, npm.pid as number);
} finally {
  npm.kill('SIGTERM');
  await gone;
  rmSync(folder, { recursive: true, force: true });
}
