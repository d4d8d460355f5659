import type { ParseResult } from '@crossdock/connector-sdk';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/core/connector/connection.js';
import { LIMITS, WALL_LIMITS, type WallLimits } from '../../src/core/connector/wall/limits.js';
import { CHILD_FRAME_LIMITS, FrameReader } from '../../src/core/connector/wire/frames.js';
import { ConnectorModule } from '../../src/core/connector/connector.module.js';
import { PluginHost } from '../../src/core/connector/plugin-host.js';
import { PLUGIN_FOLDERS } from '../../src/core/connector/registry/plugin-folders.js';
import { HubError } from '../../src/core/errors/index.js';
import { startTestApp } from '../support/app.js';
import { delivery, startConnectorApp, type ConnectorApp } from '../support/connector.js';

const CALL_MS = 700;
const GRACE_MS = 300;

interface Process {
  readonly state: string;
  readonly pid?: number;
  readonly residentBytes?: number;
  readonly starts: number;
  readonly faults: number;
  readonly lastFault?: { readonly reason: string };
}

let hub: ConnectorApp;
let healthy: Connection;

beforeAll(async () => {
  hub = await startConnectorApp({ callMs: { ...WALL_LIMITS.callMs, checkHealth: CALL_MS, parseDeliveries: CALL_MS, publishInventory: CALL_MS }, graceMs: GRACE_MS, mostCutOff: 3, messagesPerSecond: 100 });
  healthy = await hub.connect('healthy', { config: { baseUrl: 'https://shop.example' }, credentials: { token: 'a-healthy-token' } });
  await sale();
});

afterAll(() => hub.stop());

function sale(): Promise<readonly ParseResult[]> {
  return hub.parse(healthy, { body: JSON.stringify({ id: 'o1', sku: 'A', units: 2 }) });
}

/** One call after another on the healthy plugin while `work` runs: each must answer, and none may wait for the hostile one. */
async function besideHealthy<T>(work: Promise<T>): Promise<{ outcome: PromiseSettledResult<T>; slowestMs: number; calls: number }> {
  let over = false;
  let slowestMs = 0;
  let calls = 0;
  const settled = Promise.allSettled([work]).then(([outcome]) => {
    over = true;
    return outcome;
  });
  while (!over || calls === 0) {
    const startedAt = performance.now();
    const [result] = await sale();
    expect(result?.kind).toBe('events');
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    calls += 1;
    await sleep(5);
  }
  return { outcome: await settled, slowestMs, calls };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'no error', (error: unknown) => (error instanceof HubError ? error.code : String(error)));
}

async function processOf(plugin: string): Promise<Process> {
  const { body } = await hub.admin('GET', '/admin/v1/plugins');
  return (body.items as { id: string; process: Process }[]).find((item) => item.id === plugin)?.process as Process;
}

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

async function ends(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100 && isRunning(pid); tries += 1) await sleep(10);
  return !isRunning(pid);
}

describe('the wall', () => {
  it('reports the level that the escape probe found', async () => {
    const { body } = await hub.admin('GET', '/admin/v1/plugins');
    expect(body.wall).toMatchObject({ level: 'permission', openings: [] });
  });

  it('has a probe that notices when nothing holds', async () => {
    const child = spawn(process.execPath, [hub.folders.bootstrap, 'probe', hub.folders.bootstrap], { env: { LEAK: '1' }, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
    const pieces: Buffer[] = [];
    child.stdio[3]?.on('data', (piece: Buffer) => pieces.push(piece));
    await new Promise((resolve) => child.once('close', resolve));
    const said = [...new FrameReader(CHILD_FRAME_LIMITS).feed(Buffer.concat(pieces))].map(({ message }) => message as { finding: { attempt: string; held: boolean }; left: number });
    expect(said.map(({ left }) => left)).toEqual(said.map((_, index) => said.length - 1 - index));
    const open = said.filter(({ finding }) => !finding.held).map(({ finding }) => finding.attempt);
    expect(open).toEqual(expect.arrayContaining(['read a file', 'list a folder', 'write a file', 'open a TCP connection', 'listen on a port', 'send a datagram', 'ask the name service', 'run a program', 'start a worker']));
    expect(open).not.toContain('signal the hub');
  });

  /** The same plugins on another hub, with a bootstrap or limits of its own. */
  async function onAnother(overrides: { readonly bootstrap?: string; readonly limits?: Partial<WallLimits> }, look: (other: { wall: () => Promise<unknown>; parse: () => Promise<string> }) => Promise<void>): Promise<void> {
    const { bootstrap = hub.folders.bootstrap, limits = {} } = overrides;
    const providers = [[PLUGIN_FOLDERS, { ...hub.folders, bootstrap }], [LIMITS, { ...WALL_LIMITS, ...limits }]] as const;
    const { app, call } = await startTestApp([ConnectorModule], { databaseUrl: hub.app.databaseUrl, dataDir: hub.dataDir }, {}, { claimed: false, overrides: providers });
    try {
      await look({
        wall: async () => (await call('GET', '/admin/v1/plugins', undefined, { token: hub.app.adminToken })).body.wall,
        parse: () => app.get(PluginHost).parseDeliveries(healthy, [delivery({ body: JSON.stringify({ id: 'o1', sku: 'A', units: 2 }) })]).then(([result]) => result?.kind ?? '', (error: unknown) => (error as HubError).message),
      });
    } finally {
      await app.close();
    }
  }

  it('runs nothing where something gets out, and says what', async () => {
    const bootstrap = join(hub.dataDir, 'open-bootstrap.mjs');
    const source = await readFile(hub.folders.bootstrap, 'utf8');
    // A Node whose permission model lets a folder be listed.
    await writeFile(bootstrap, `process.getBuiltinModule('node:fs').readdirSync = () => [];\n${source}`);
    await onAnother({ bootstrap }, async ({ wall, parse }) => {
      expect(await parse()).toMatch(/^No plugin is run: the wall does not hold/);
      expect(await wall()).toMatchObject({ level: 'none', openings: ['list a folder: it worked'] });
    });
  });

  it('runs nothing while the probe cannot be carried through, and everything once it could', async () => {
    const bootstrap = join(hub.dataDir, 'other-bootstrap.mjs');
    await writeFile(bootstrap, 'process.exit(3);');
    await onAnother({ bootstrap, limits: { probeMs: 3_000 } }, async ({ wall, parse }) => {
      expect(await parse()).toMatch(/^No plugin is run yet/);
      expect(await wall()).toMatchObject({ level: 'unknown', openings: [], warnings: expect.arrayContaining(['the probe exited with code 3: ']) as unknown });
      await copyFile(hub.folders.bootstrap, bootstrap);
      await expect.poll(parse, { timeout: 30_000 }).toBe('events');
      expect(await wall()).toMatchObject({ level: 'permission', openings: [] });
    });
  });

  it('is not taken for open on a machine that is too busy to start a process within the first patience', async () => {
    // No process starts within a millisecond.
    await onAnother({ limits: { probeMs: 1 } }, async ({ wall, parse }) => {
      await expect.poll(parse, { timeout: 60_000 }).toBe('events');
      expect(await wall()).toMatchObject({ level: 'permission', openings: [] });
    });
  });

  it('gives a probe as long as it needs, as long as it says something now and then', async () => {
    const bootstrap = join(hub.dataDir, 'slow-bootstrap.mjs');
    const source = await readFile(hub.folders.bootstrap, 'utf8');
    const slow = source.replace(/await tell\(await attempt|tell\(await attempt/, 'await new Promise((go) => setTimeout(go, 100)), $&');
    expect(slow).not.toBe(source);
    await writeFile(bootstrap, slow);
    await onAnother({ bootstrap, limits: { probeMs: 2_000 } }, async ({ wall }) => {
      await expect.poll(wall, { timeout: 30_000 }).toMatchObject({ level: 'permission', openings: [] });
    });
  });

  it('does not run files that were changed after their manifest was read', async () => {
    const changed = await hub.connect('exit');
    const entry = join(hub.folders.further ?? '', 'exit', 'index.mjs');
    const before = await readFile(entry);
    await writeFile(entry, 'export default { parseDeliveries: () => [] };');
    await expect(hub.parse(changed, {})).rejects.toMatchObject({ code: 'PLUGIN_UNAVAILABLE', message: expect.stringMatching(/were changed/) as string });
    await writeFile(entry, before);
  });

  it('gives a connector no way to files, sockets, programs, its parent or the environment', async () => {
    const escape = await hub.connect('escape');
    const [result] = await hub.parse(escape, {});
    expect(result).toEqual({ kind: 'ignored', reason: 'tried 28, open: none' });
    expect(existsSync('/tmp/crossdock-escape.db') || existsSync('/tmp/crossdock-escape.sock')).toBe(false);
  });

  it('runs children at lower priority, in a session of their own, with an empty environment', async () => {
    const { pid } = await processOf('healthy');
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /, '').split(' ');
    expect(Number(fields[16])).toBe(5);
    expect(Number(fields[3])).toBe(pid);
    expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).toBe('');
    const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    // Nothing that the hub holds open leaks in: three pipes, /dev/null, and what Node itself makes.
    expect(open.filter((target) => target.startsWith('socket:'))).toHaveLength(3);
    expect(new Set(open.filter((target) => target.startsWith('/')))).toEqual(new Set(['/dev/null']));
    expect(readFileSync(`/proc/${pid}/oom_score_adj`, 'latin1').trim()).toBe('1000');
  });
});

describe('a hostile plugin', () => {
  it('that loops is killed within a second of its deadline, and a healthy one goes on', async () => {
    const loop = await hub.connect('loop');
    const startedAt = performance.now();
    const { outcome, calls } = await besideHealthy(codeOf(hub.parse(loop, {})));
    expect(outcome).toEqual({ status: 'fulfilled', value: 'PLUGIN_TIMEOUT' });
    expect(performance.now() - startedAt).toBeLessThan(CALL_MS + 1_000);
    expect(calls).toBeGreaterThan(5);
    expect(await processOf('loop')).toMatchObject({ state: 'stopped', faults: 1, lastFault: { reason: 'it was stuck past the deadline of a call' } });
  });

  it('that never answers is cut off without being killed, and replaced after it has done so often', async () => {
    const idle = await hub.connect('never-answers');
    expect(await codeOf(hub.parse(idle, {}))).toBe('PLUGIN_TIMEOUT');
    const first = await processOf('never-answers');
    expect(first.state).toBe('running');
    expect(await Promise.all([codeOf(hub.parse(idle, {})), codeOf(hub.parse(idle, {}))])).toEqual(['PLUGIN_TIMEOUT', 'PLUGIN_TIMEOUT']);
    expect(await ends(first.pid ?? 0)).toBe(true);
    expect(await processOf('never-answers')).toMatchObject({ state: 'stopped', faults: 0 });
  });

  it('that leaks is killed at the ceiling', async () => {
    const leak = await hub.connect('leak');
    const { outcome } = await besideHealthy(codeOf(hub.parse(leak, {})));
    expect(outcome).toEqual({ status: 'fulfilled', value: 'PLUGIN_FAILED' });
    expect((await processOf('leak')).lastFault?.reason).toMatch(/^it holds [1-3]\d\d MB of memory$/);
  });

  it('that throws after its answer loses its process and nothing else', async () => {
    const late = await hub.connect('late-throw');
    for (const topic of ['throw', 'reject']) {
      expect(await hub.parse(late, { topic })).toEqual([{ kind: 'ignored', reason: 'not yet' }]);
      const { pid } = await processOf('late-throw');
      if (pid !== undefined) expect(await ends(pid)).toBe(true);
      await sleep(250);
    }
    expect(await processOf('late-throw')).toMatchObject({ starts: 2, faults: 2 });
  });

  it('that exits fails its own call, and is started again ever later', async () => {
    const exit = await hub.connect('exit');
    expect(await codeOf(hub.parse(exit, {}))).toBe('PLUGIN_FAILED');
    expect(await codeOf(hub.parse(exit, {}))).toBe('PLUGIN_FAILED');
    const refused = await hub.parse(exit, {}).catch((error: unknown) => error as HubError);
    expect(refused).toMatchObject({ code: 'PLUGIN_UNAVAILABLE', details: { retryAfterSeconds: 1 } });
    await sleep(250);
    expect(await codeOf(hub.parse(exit, {}))).toBe('PLUGIN_FAILED');
    expect(await processOf('exit')).toMatchObject({ state: 'backing_off', faults: 3 });
  });

  it('that prints without end is blocked by its own pipe', async () => {
    const flood = await hub.connect('flood-output');
    const before = process.memoryUsage().rss;
    const { outcome } = await besideHealthy(codeOf(hub.parse(flood, {})));
    expect(outcome).toEqual({ status: 'fulfilled', value: 'PLUGIN_TIMEOUT' });
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1_048_576);
  });

  it('that sends messages without end is cut off', async () => {
    const flood = await hub.connect('flood-messages');
    const { outcome } = await besideHealthy(codeOf(hub.parse(flood, {})));
    expect(outcome).toEqual({ status: 'fulfilled', value: 'PLUGIN_FAILED' });
    expect((await processOf('flood-messages')).lastFault?.reason).toBe('it sends more messages than the wall lets through');
  });

  it('that answers more than fits is told so and goes on', async () => {
    const large = await hub.connect('large-message');
    await expect(hub.parse(large, {})).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringMatching(/A message of \d+ \+ 0 bytes is larger/) as string });
    expect(await processOf('large-message')).toMatchObject({ state: 'running', faults: 0 });
  });

  it('that forges entries has only those entries refused', async () => {
    const forge = await hub.connect('forge');
    const bodies = ['no object', 'null', 'unknown kind', 'no events', 'events no list', 'fraction', 'not a number', 'bigint', 'negative sale', 'zero', 'huge', 'NUL in id', 'long id', 'empty line', 'hub kind', 'no time', 'item a text', 'too many'];
    const results = await hub.parse(forge, ...[...bodies, 'good'].map((body) => ({ body })));
    const refused = results.slice(0, -1).map((result) => (result.kind === 'failed' ? result.reason.startsWith("The connector's answer is malformed: ") : result.kind));
    expect(refused).toEqual(bodies.map(() => true));
    expect(results.at(-1)?.kind).toBe('events');
  });

  it('that forges the whole answer fails the call', async () => {
    const forge = await hub.connect('forge');
    for (const topic of ['one too few', 'one too many', 'no list', 'nothing', 'function']) expect(await codeOf(hub.parse(forge, { topic }, {}))).toBe('PLUGIN_FAILED');
    expect((await processOf('forge')).faults).toBe(0);
  });

  it('that writes its own messages to the pipe fools nobody but itself', async () => {
    const forge = await hub.connect('forge-frames');
    expect(await hub.parse(forge, { topic: 'foreign ids' })).toEqual([{ kind: 'ignored', reason: 'honest' }]);
    expect(await codeOf(hub.parse(forge, { topic: 'own id' }))).toBe('PLUGIN_FAILED');
    for (const topic of ['endless frame', 'garbage', 'close']) {
      const { outcome } = await besideHealthy(codeOf(hub.parse(forge, { topic })));
      expect(outcome).toEqual({ status: 'fulfilled', value: 'PLUGIN_FAILED' });
      await sleep(1_000);
    }
  });

  it('that does not load or breaks its promise cannot be used', async () => {
    for (const [plugin, why] of [['does-not-load', /this never loads/], ['breaks-promise', /promises parseDeliveries, which its code does not have/]] as const) {
      const error = await hub.parse(await hub.connect(plugin), {}).catch((caught: unknown) => caught as HubError);
      expect(error).toMatchObject({ code: 'PLUGIN_UNAVAILABLE', message: expect.stringMatching(why) as string });
    }
  });
});

describe('a healthy plugin', () => {
  it('parses 500 deliveries of 2 KB in milliseconds', async () => {
    const padding = 'x'.repeat(2_000);
    const deliveries = Array.from({ length: 500 }, (_, index) => delivery({ body: JSON.stringify({ id: `o${index}`, sku: `S${index}`, units: 1, padding }) }, index));
    const times: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      const startedAt = performance.now();
      const results = await hub.host.parseDeliveries(healthy, deliveries);
      times.push(performance.now() - startedAt);
      expect(results.every((result) => result.kind === 'events')).toBe(true);
      expect(results).toHaveLength(500);
    }
    expect(times.sort((a, b) => a - b)[3]).toBeLessThan(100);
    console.log(`500 deliveries: ${times.map((time) => time.toFixed(1)).join(' ')} ms`);
    const { residentBytes = Infinity } = await processOf('healthy');
    console.log(`resident: ${Math.round(residentBytes / 1_048_576)} MB`);
    expect(residentBytes).toBeLessThan(80 * 1_048_576);
  });

  it('is counted, and so are the faults of the others', async () => {
    const { text } = await hub.app.call('GET', '/metrics');
    expect(text).toMatch(/crossdock_plugin_call_duration_seconds_count\{plugin="healthy",method="parseDeliveries",outcome="ok"\} \d{2,}/);
    expect(text).toMatch(/crossdock_plugin_call_duration_seconds_count\{plugin="loop",method="parseDeliveries",outcome="PLUGIN_TIMEOUT"\} 1/);
    expect(text).toMatch(/crossdock_plugin_faults_total\{plugin="leak"\} 1/);
  });

  it('is refused nothing by the failures of others', async () => {
    expect(await processOf('healthy')).toMatchObject({ state: 'running', starts: 1, faults: 0 });
  });

  it('is not called while its connection is switched off', async () => {
    await hub.admin('POST', `/admin/v1/connections/${healthy.id}/disable`);
    const off = (await hub.directory.byId(healthy.id)) as Connection;
    expect(await codeOf(hub.parse(off, {}))).toBe('CONNECTION_DISABLED');
    expect(await codeOf(hub.host.publishInventory(off, []))).toBe('CONNECTION_DISABLED');
  });
});
