import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { NODE_FLAGS } from '../../src/core/lifecycle/node-flags.js';
import { createTestDatabase } from '../support/database.js';
import { requireBuild, ROOT } from '../support/built.js';
import { HUB_ADMIN, type Hub, type HubProcess, hubEnvironment, launch, readyUrl, startHub } from '../support/hub.js';

const MAIN = join(ROOT, 'dist/src/main.js');

beforeAll(requireBuild);

async function isServing(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}

describe('a hub with a database of somebody else', () => {
  const hubs: Hub[] = [];

  afterEach(async () => {
    for (const hub of hubs.splice(0)) await hub.dispose();
  });

  it('answers health and nothing else as a worker, and a second one says that the port is taken', async () => {
    const hub = await startHub({ env: { CROSSDOCK_ROLE: 'worker' } });
    hubs.push(hub);
    expect((await hub.api('GET', '/health/ready', undefined, { token: null })).status).toBe(200);
    expect((await hub.api('GET', '/metrics', undefined, { token: null })).status).toBe(200);
    const refused = await hub.api('POST', '/admin/v1/sessions', { email: 'a@example.test', password: 'long enough, surely' }, { token: null });
    expect(refused).toMatchObject({ status: 404, body: { code: 'ROUTE_NOT_FOUND' } });

    const database = await createTestDatabase();
    const second = launch(process.execPath, [...NODE_FLAGS, MAIN], hubEnvironment({ DATABASE_URL: database.url, CROSSDOCK_DATA_DIR: join(tmpdir(), 'second'), CROSSDOCK_PORT: new URL(hub.url).port }));
    expect(await second.ended).toBe(2);
    expect(second.output.stderr).toMatch(/CROSSDOCK_PORT \d+ cannot be used: another program listens there/);
    await database.drop();
    expect(await hub.stop()).toBe(0);
  });

  it('answers a request that it has begun to read before it stops, and takes no new one', async () => {
    const hub = await startHub();
    hubs.push(hub);
    const { hostname, port } = new URL(hub.url);
    const body = JSON.stringify(HUB_ADMIN);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    const closed = once(socket, 'close');
    await once(socket, 'connect');
    socket.write(`POST /admin/v1/sessions HTTP/1.1\r\nhost: hub\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 10)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.kill(hub.pid, 'SIGTERM');
    while (!hub.log().includes('SIGTERM: stopping')) await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(fetch(`${hub.url}/health/live`)).rejects.toThrow();
    socket.write(body.slice(10));
    await closed;
    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
    expect(await hub.ended).toBe(0);
  });

  it('waits for a database that does not answer yet, without telling its password, and stops when told to', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'crossdock-none-'));
    const hub = launch(process.execPath, [MAIN], hubEnvironment({ DATABASE_URL: 'postgres://nobody:s3cr3t-word@127.0.0.1:1/none', CROSSDOCK_DATA_DIR: dataDir }));
    while (!hub.output.stderr.includes('waiting for')) await new Promise((resolve) => setTimeout(resolve, 10));
    hub.child.kill('SIGTERM');
    expect(await hub.ended).toBe(0);
    expect(hub.output.stderr).toContain('waiting for the Postgres at 127.0.0.1:1/none');
    expect(hub.output.stderr).not.toContain('s3cr3t-word');
    await rm(dataDir, { recursive: true, force: true });
  });

  it('gives up at once, and says why, when the database knows no such user', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'crossdock-none-'));
    const url = new URL(inject('postgres').admin);
    url.username = 'stranger';
    const hub = launch(process.execPath, [MAIN], hubEnvironment({ DATABASE_URL: url.href, CROSSDOCK_DATA_DIR: dataDir }));
    expect(await hub.ended).toBe(1);
    expect(hub.output.stderr).toMatch(/cannot start: The Postgres at 127\.0\.0\.1:\d+\/postgres \(DATABASE_URL\) cannot be used: password authentication failed/);
    expect(hub.output.stderr).not.toContain(url.password);
    await rm(dataDir, { recursive: true, force: true });
  });
});

describe('a hub with a Postgres of its own', () => {
  let dataDir: string;
  let running: HubProcess | undefined;

  const start = (env: Record<string, string> = {}): HubProcess => {
    running = launch(process.execPath, [...NODE_FLAGS, MAIN], hubEnvironment({ CROSSDOCK_DATA_DIR: dataDir, ...env }));
    return running;
  };
  const serverPid = async (): Promise<number> => Number((await readFile(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0]);
  const ready = (url: string): Promise<boolean> => fetch(`${url}/health/ready`).then((answer) => answer.ok, () => false);

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'crossdock-life-'));
  });

  afterAll(async () => {
    running?.child.kill('SIGTERM');
    await running?.ended;
    await rm(dataDir, { recursive: true, force: true });
  });

  it('prints the ready line and the setup token on stdout, each once, and nothing else', async () => {
    const hub = start();
    await readyUrl(hub);
    expect(hub.output.stdout).toMatch(/^Crossdock ready: http:\/\/127\.0\.0\.1:\d+\nSetup token: \S{16,}\n$/);
  });

  it('refuses a second start on the same data, and names the first', async () => {
    const second = launch(process.execPath, [MAIN], hubEnvironment({ CROSSDOCK_DATA_DIR: dataDir }));
    expect(await second.ended).toBe(1);
    expect(second.output.stderr).toMatch(new RegExp(`process ${running?.child.pid}, http://127\\.0\\.0\\.1:\\d+\\) already runs on ${dataDir}`));
    expect(second.output.stdout).toBe('');
  });

  it('is ready again within ten seconds after its Postgres was killed', async () => {
    const url = await readyUrl(running as HubProcess);
    const before = await serverPid();
    process.kill(before, 'SIGKILL');
    const deadline = Date.now() + 10_000;
    while ((await serverPid().catch(() => before)) === before || !(await ready(url))) {
      if (Date.now() > deadline) throw new Error(`not ready again in time\n${running?.output.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(running?.child.exitCode).toBeNull();
  });

  it('adopts its Postgres after kill -9 of the hub, and needs no hand', async () => {
    const server = await serverPid();
    running?.child.kill('SIGKILL');
    await running?.ended;
    const hub = start({ CROSSDOCK_SETUP_TOKEN: 'a token that automation chose' });
    const url = await readyUrl(hub);
    expect(await serverPid()).toBe(server);
    expect(hub.output.stdout).toContain('Setup token: a token that automation chose\n');
    expect(await ready(url)).toBe(true);
  });

  it('comes back after hub and Postgres were killed at the same moment', async () => {
    const server = await serverPid();
    running?.child.kill('SIGKILL');
    process.kill(server, 'SIGKILL');
    await running?.ended;
    expect(await ready(await readyUrl(start()))).toBe(true);
    expect(await serverPid()).not.toBe(server);
  });

  it('stops cleanly on SIGTERM: code 0, and no Postgres left', async () => {
    const server = await serverPid();
    running?.child.kill('SIGTERM');
    expect(await running?.ended).toBe(0);
    // Where the server had been adopted, process 1 reaps it, in its own time: a zombie is an entry of a table, not a server.
    await expect.poll(() => isServing(server), { timeout: 10_000 }).toBe(false);
    await expect(serverPid()).rejects.toThrow();
  });

  it('stops cleanly when it is told to in the middle of its start', async () => {
    const hub = start();
    while (!hub.output.stderr.includes('starting Postgres')) await new Promise((resolve) => setTimeout(resolve, 5));
    hub.child.kill('SIGINT');
    expect(await hub.ended).toBe(0);
    expect(hub.output.stdout).toBe('');
    await expect(serverPid()).rejects.toThrow();
  });
});
