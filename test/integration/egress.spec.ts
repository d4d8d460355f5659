import { Logger } from '@nestjs/common';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../src/core/connector/connection.js';
import { WALL_LIMITS } from '../../src/core/connector/wall/limits.js';
import { ChildChannel } from '../../src/core/connector/wall/child-channel.js';
import { HubError } from '../../src/core/errors/index.js';
import { startConnectorApp, type ConnectorApp } from '../support/connector.js';

const SECRET = 'canary-4f6d1c9e-secret';

interface Outcome {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

let hub: ConnectorApp;
let server: Server;
let origin: string;
let web: Connection;
let handle: (request: IncomingMessage, response: ServerResponse, body: string) => void;
let received: { method?: string; url?: string; headers: IncomingMessage['headers']; body: string }[] = [];
const sockets = new Set<Socket>();

async function listen(): Promise<void> {
  server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString();
      received.push({ method: request.method, url: request.url, headers: request.headers, body });
      handle(request, response, body);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  await listen();
  hub = await startConnectorApp({ callMs: { ...WALL_LIMITS.callMs, checkHealth: 2_000, parseDeliveries: 2_000, publishInventory: 2_000 }, mostHeldBytes: 24_000_000 });
  web = await hub.connect('web', { id: 'web', config: { host: origin }, credentials: { token: SECRET }, allowPrivateNetwork: true });
});

beforeEach(() => {
  received = [];
  handle = (_request, response) => response.end('fine');
});

afterAll(async () => {
  await hub.stop();
  server.closeAllConnections();
  server.close();
});

async function ask(wish: Readonly<Record<string, unknown>>, connection = web): Promise<Outcome | string> {
  const [result] = await hub.parse(connection, { body: JSON.stringify({ by: 'http', url: origin, ...wish }) });
  if (result?.kind === 'failed') return result.reason;
  return JSON.parse((result as { reason: string }).reason) as Outcome;
}

describe.each(['http', 'fetch'])('a request by %s', (by) => {
  it('reaches the host with method, headers and body, and brings its answer back', async () => {
    handle = (_request, response) => response.writeHead(201, { 'X-Answer': 'yes', 'Set-Cookie': 'session=1', 'Content-Type': 'text/plain' }).end('grüße 你好');
    const outcome = (await ask({ by, method: 'POST', url: `${origin}/a/b?c=d`, headers: { 'X-Mine': '1', Host: 'evil.example' }, body: 'naïve ✓' })) as Outcome;
    expect(outcome).toMatchObject({ status: 201, body: 'grüße 你好' });
    expect(outcome.headers['x-answer']).toBe('yes');
    expect(outcome.headers).not.toHaveProperty('set-cookie');
    expect(received).toMatchObject([{ method: 'POST', url: '/a/b?c=d', body: 'naïve ✓' }]);
    expect(received[0]?.headers).toMatchObject({ 'x-mine': '1', host: origin.slice(7), 'accept-encoding': 'identity' });
  });

  it('carries the credentials of the hub, whatever the connector says', async () => {
    await ask({ by, headers: { authorization: 'Bearer mine', AUTHORIZATION: 'Bearer mine' } });
    expect(received[0]?.headers.authorization).toBe(`Bearer ${SECRET}`);
  });

  it('never shows the connector a secret, though the host sends it back', async () => {
    handle = (request, response) => response.writeHead(200, { 'X-Echo': String(request.headers.authorization) }).end(`${request.headers.authorization} ${Buffer.from(SECRET).toString('base64')}`);
    const outcome = await ask({ by });
    expect(outcome).toMatchObject({ body: 'Bearer [redacted] [redacted]' });
    expect((outcome as Outcome).headers['x-echo']).toBe('Bearer [redacted]');
  });

  it('does not follow a redirect: the answer is the redirect', async () => {
    handle = (_request, response) => response.writeHead(302, { Location: 'http://169.254.169.254/latest/meta-data' }).end();
    expect(await ask({ by })).toMatchObject({ status: 302 });
    expect(received).toHaveLength(1);
  });

  it('is refused to any other host, and nothing is sent', async () => {
    for (const url of ['https://evil.example/', origin.replace('127.0.0.1', 'localhost'), 'http://127.0.0.1:1/', origin.replace('http', 'https')]) expect(await ask({ by, url })).toMatch(/not among the hosts/);
    // `fetch` itself writes the number out before the hub sees it.
    if (by === 'http') expect(await ask({ by, url: origin.replace('127.0.0.1', '2130706433') })).toMatch(/in a form that hides it/);
    expect(received).toHaveLength(0);
  });
});

describe('a connection without the grant', () => {
  it('reaches no loopback address, by name or by number, and no plain http', async () => {
    for (const [host, why] of [['https://127.0.0.1', /not a public one/], ['https://localhost', /at an address that this connection may not reach/], ['http://shop.example', /granted/]] as const) {
      const connection = await hub.connect('web', { config: { host } });
      expect(await ask({ url: host }, connection)).toMatch(/^permission: /);
      expect(await ask({ url: host }, connection)).toMatch(why);
    }
  });

  it('loses its sockets when the grant is withdrawn', async () => {
    const connection = await hub.connect('web', { id: 'revoked', config: { host: origin }, allowPrivateNetwork: true });
    expect(await ask({}, connection)).toMatchObject({ status: 200 });
    await hub.admin('PATCH', '/admin/v1/connections/revoked', { allowPrivateNetwork: false });
    expect(await ask({}, (await hub.directory.byId('revoked')) as Connection)).toMatch(/^permission: /);
  });
});

describe('an answer', () => {
  it('larger than 10 MB is not received to its end', async () => {
    let sent = 0;
    handle = (_request, response) => {
      const more = (): void => {
        while (!response.destroyed && sent < 200_000_000) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536, 'x'))) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    };
    expect(await ask({})).toMatch(/^unsupported: The answer is larger than 10485760 bytes/);
    expect(sent).toBeLessThan(40_000_000);
  });

  it('is not heaped up for a connector that asks for much and reads nothing', async () => {
    const page = Buffer.alloc(9_000_000, 'x');
    handle = (_request, response) => response.end(page);
    const hoard = await hub.connect('hoard', { config: { host: origin }, allowPrivateNetwork: true });
    await expect(hub.parse(hoard, { body: origin })).rejects.toMatchObject({ code: 'PLUGIN_TIMEOUT' });
    const { text } = await hub.app.call('GET', '/metrics');
    const count = (outcome: string): number => Number(new RegExp(`^crossdock_egress_request_duration_seconds_count\\{plugin="hoard",outcome="${outcome}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
    // The child reads nothing, so no more answers are held for it than the limit of this test has room for.
    expect(count('2xx')).toBeLessThanOrEqual(2);
    expect(count('transient')).toBeGreaterThan(2);
    // What was held is given back: an honest connector reads large answers one after the other, more than fits at once.
    for (let count = 0; count < 7; count += 1) {
      const [result] = await hub.parse(web, { body: JSON.stringify({ by: 'http', url: origin }) });
      expect(result).toMatchObject({ kind: 'ignored', reason: expect.stringMatching(/^\{"status":200,/) as string });
    }
  });

  it('that unpacks to more than 10 MB is refused, one that unpacks to less is read', async () => {
    handle = (_request, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(Buffer.alloc(60_000_000)));
    expect(await ask({})).toMatch(/^unsupported: The answer is larger/);
    handle = (_request, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('packed'));
    expect(await ask({})).toMatchObject({ body: 'packed' });
    handle = (_request, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('not packed');
    expect(await ask({})).toMatch(/^transient: The answer is damaged/);
    handle = (_request, response) => response.writeHead(200, { 'Content-Encoding': 'zstd' }).end('x');
    expect(await ask({})).toMatch(/^unsupported: The answer is encoded as 'zstd'/);
  });

  it('that never comes or drips is given up in time, as ambiguous where it may have had an effect', async () => {
    handle = () => undefined;
    expect(await ask({ timeoutMs: 200 })).toMatch(/^transient: .*did not answer in full/);
    expect(await ask({ timeoutMs: 200, method: 'POST', body: 'x' })).toMatch(/^ambiguous: .*took the request/);
    handle = (_request, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    };
    expect(await ask({ timeoutMs: 200 })).toMatch(/^transient: /);
  });

  it('that breaks off is told from a host that is not there', async () => {
    handle = (request) => request.socket.destroy();
    expect(await ask({})).toMatch(/^transient: .*did not answer in full/);
    expect(await ask({ method: 'POST', body: 'x' })).toMatch(/^ambiguous: /);
    const connection = await hub.connect('web', { config: { host: 'http://127.0.0.1:1' }, allowPrivateNetwork: true });
    expect(await ask({ url: 'http://127.0.0.1:1/', method: 'POST', body: 'x' }, connection)).toMatch(/^transient: .*cannot be reached \(ECONNREFUSED\)/);
  });

  it('that asks to wait is passed on, and until then the host is left alone', async () => {
    const connection = await hub.connect('web', { config: { host: origin }, allowPrivateNetwork: true });
    handle = (_request, response) => response.writeHead(429, { 'Retry-After': '0.4' }).end('slow down');
    expect(await ask({}, connection)).toMatchObject({ status: 429, headers: { 'retry-after': '0.4' } });
    expect(await ask({}, connection)).toMatch(/^rate_limited: .* asked this connection to wait\. \d+$/);
    expect(received).toHaveLength(1);
    handle = (_request, response) => response.end('fine');
    expect(await ask({})).toMatchObject({ status: 200 });
    await sleep(450);
    expect(await ask({}, connection)).toMatchObject({ status: 200 });
  });
});

describe('a request', () => {
  it('larger than 10 MB is refused before it leaves the child', async () => {
    const [result] = await hub.parse(web, { body: JSON.stringify({ by: 'http', url: origin, method: 'POST', characters: 10_500_000 }) });
    expect(result).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/^rejected: The request cannot be sent/) as string });
    expect(received).toHaveLength(0);
  });

  it('shares eight sockets at most with the others to its host', async () => {
    for (const socket of sockets) socket.destroy();
    let most = 0;
    handle = (_request, response) => {
      most = Math.max(most, sockets.size);
      setTimeout(() => response.end('fine'), 10);
    };
    const connection = await hub.connect('web', { config: { host: origin }, allowPrivateNetwork: true });
    const results = await hub.parse(connection, ...Array.from({ length: 60 }, () => ({ body: JSON.stringify({ by: 'http', url: origin }) })));
    expect(results.every((result) => result.kind === 'ignored')).toBe(true);
    expect(most).toBe(8);
  });

  it('ends before the call that made it, so that the connector can say what came of it', async () => {
    let open = 0;
    handle = (request) => {
      open += 1;
      request.socket.once('close', () => (open -= 1));
    };
    expect(await ask({ method: 'POST', body: 'x' })).toMatch(/^ambiguous: .*took the request/);
    for (let tries = 0; tries < 50 && open > 0; tries += 1) await sleep(10);
    expect(open).toBe(0);
  });
});

describe('a secret', () => {
  it('stands in no message to a child, no log line, no answer and no error', async () => {
    const seen: string[] = [];
    const send = vi.spyOn(ChildChannel.prototype, 'send');
    const logs = (['log', 'warn', 'error', 'debug'] as const).map((level) => vi.spyOn(Logger.prototype, level));
    try {
      const wish = { plugin: 'healthy', name: 'Canary', id: 'canary', config: { baseUrl: origin }, credentials: { token: SECRET, webhookSecret: SECRET }, allowPrivateNetwork: true };
      seen.push((await hub.admin('POST', '/admin/v1/connections', wish)).text);
      const connection = (await hub.directory.byId('canary')) as Connection;
      handle = (request, response) => response.writeHead(401, { 'WWW-Authenticate': String(request.headers['x-access-token']) }).end(JSON.stringify(request.headers));
      seen.push((await hub.admin('POST', '/admin/v1/connections/canary/test')).text);
      handle = (request, response) => response.writeHead(500).end(String(request.headers['x-access-token']));
      seen.push(await hub.host.publishInventory(connection, [{ item: { type: 'sku', id: 'A' }, available: 1, version: 1 }]).then(String, (error: HubError) => JSON.stringify({ ...error, message: error.message, stack: error.stack })));
      handle = (request) => request.socket.destroy();
      seen.push((await hub.admin('POST', '/admin/v1/connections/canary/test')).text);
      seen.push((await hub.admin('GET', '/admin/v1/plugins')).text, (await hub.admin('GET', '/admin/v1/connections')).text);
      for (const [message, body] of send.mock.calls) seen.push(JSON.stringify(message), String(body ?? ''));
      for (const log of logs) for (const call of log.mock.calls) seen.push(JSON.stringify(call));
      expect(send.mock.calls.length).toBeGreaterThan(4);
      for (const text of seen) for (const form of [SECRET, Buffer.from(SECRET).toString('base64'), Buffer.from(SECRET).toString('hex')]) expect(text).not.toContain(form);
    } finally {
      vi.restoreAllMocks();
    }
  });
});

describe('testing a connection', () => {
  it('says plainly what came of it', async () => {
    await hub.connect('healthy', { id: 'tested', config: { baseUrl: origin }, credentials: { token: SECRET }, allowPrivateNetwork: true, enabled: false });
    const test = async (): Promise<unknown> => (await hub.admin('POST', '/admin/v1/connections/tested/test')).body;
    expect(await test()).toEqual({ ok: true, detail: 'The shop says fine', code: null, kind: null, durationMs: expect.any(Number) as number });
    handle = (_request, response) => response.writeHead(401).end();
    expect(await test()).toMatchObject({ ok: false, code: 'CONNECTION_REFUSED', kind: 'auth_revoked', detail: 'The shop does not accept the token.' });
    handle = (_request, response) => response.writeHead(503).end();
    expect(await test()).toMatchObject({ ok: false, code: 'PLUGIN_FAILED', kind: 'transient' });
    handle = () => undefined;
    expect(await test()).toMatchObject({ ok: false, code: 'PLUGIN_FAILED', kind: 'transient', detail: expect.stringMatching(/did not answer in full/) as string });
    await hub.admin('PATCH', '/admin/v1/connections/tested', { allowPrivateNetwork: false });
    expect(await test()).toMatchObject({ ok: false, code: 'EGRESS_REFUSED', kind: 'permission', detail: expect.stringMatching(/^Plain http/) as string });
    expect((await hub.admin('POST', '/admin/v1/connections/nothing/test')).body.code).toBe('CONNECTION_NOT_FOUND');
  });
});
