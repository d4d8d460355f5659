import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/core/connector/connection.js';
import { startConnectorApp, type ConnectorApp } from '../support/connector.js';

const CREDENTIALS = { user: 'hub"user', password: 'canary-7d1c\\"}{{config.host}}' };

interface Seen {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** A server that wants a session: it gives tokens one after the other and says which of them still hold. */
const desk = { given: 0, valid: new Set<string>(), login: undefined as undefined | ((response: ServerResponse) => void), page: undefined as unknown, refuse: 401, seen: [] as Seen[] };

let hub: ConnectorApp;
let server: Server;
let connection: Connection;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request) text += String(piece);
  return text;
}

function enter(body: string, response: ServerResponse): void {
  if (desk.login) return desk.login(response);
  const { shop, params } = JSON.parse(body) as { shop: string; params: [string, { password: string }] };
  if (shop !== 'main' || params[0] !== CREDENTIALS.user || params[1].password !== CREDENTIALS.password) return void response.end('{"result":null}');
  desk.given += 1;
  const token = `token-${desk.given}-secret`;
  desk.valid.add(token);
  // Late on purpose: whoever asks meanwhile must wait for this one and not sign in as well.
  setTimeout(() => response.writeHead(200, { 'x-session-token': token }).end(`{"result":[${40 + desk.given}]}`), 30);
}

const logins = (): number => desk.seen.filter(({ url }) => url === '/login').length;

beforeAll(async () => {
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { authorization } = request.headers;
      desk.seen.push({ url: request.url ?? '', authorization, body });
      if (request.url === '/login') return enter(body, response);
      const [user, id, token = ''] = Buffer.from((authorization ?? '').replace(/^Session /, ''), 'base64').toString().split(':');
      if (user !== CREDENTIALS.user || !Number(id) || !desk.valid.has(token)) return void (desk.refuse === 401 ? response.writeHead(401).end() : response.end('session expired'));
      response.end(request.url === '/page' ? JSON.stringify(desk.page) : `hello, ${token} ${authorization}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hub = await startConnectorApp();
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  connection = await hub.connect('member', { id: 'member', config: { host }, credentials: CREDENTIALS, allowPrivateNetwork: true });
});

beforeEach(() => {
  Object.assign(desk, { login: undefined, refuse: 401, seen: [] });
});

afterAll(async () => {
  await hub.stop();
  server.closeAllConnections();
  server.close();
});

describe('a system that wants a session', () => {
  it('is signed in to by the hub, once for all who come at the same time, whatever letters the secrets hold', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => hub.host.checkHealth(connection)));
    expect(answers).toHaveLength(8);
    expect(logins()).toBe(1);
    await hub.host.checkHealth(connection);
    expect(logins()).toBe(1);
  });

  it('shows the connector neither its session nor the header that carries it', async () => {
    const { detail } = await hub.host.checkHealth(connection);
    expect(detail).toMatch(/^hello, \[redacted\]/);
    expect(detail).not.toContain(Buffer.from(`token-${desk.given}`).toString('base64').slice(0, 8));
  });

  it.each([[401, 'answers 401'], [200, 'says so inside a 200 and the connector throws auth_expired']])('is signed in to anew, once, when it %s (%s)', async (refuse) => {
    await hub.host.checkHealth(connection);
    desk.valid.clear();
    Object.assign(desk, { refuse, seen: [] });
    await Promise.all(Array.from({ length: 5 }, () => hub.host.checkHealth(connection)));
    expect(logins()).toBe(1);
  });

  it('that does not let the new session in either is asked no third time', async () => {
    await hub.host.checkHealth(connection);
    desk.valid.clear();
    desk.valid.add = () => desk.valid;
    await expect(hub.host.checkHealth(connection)).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' });
    expect(logins()).toBe(1);
    desk.valid = new Set();
  });

  it('is not asked again and again with credentials that it refused, until they change', async () => {
    desk.login = (response) => response.end('{"result":null}');
    await hub.admin('PATCH', '/admin/v1/connections/member', { name: 'renamed' });
    const changed = (await hub.directory.byId('member')) as Connection;
    for (let attempt = 0; attempt < 3; attempt += 1) await expect(hub.host.checkHealth(changed)).rejects.toMatchObject({ code: 'CONNECTION_REFUSED', details: { facts: { kind: 'auth_revoked' } } });
    expect(logins()).toBe(1);
    desk.login = undefined;
    await hub.admin('PUT', '/admin/v1/connections/member/credentials', { credentials: CREDENTIALS });
    await expect(hub.host.checkHealth((await hub.directory.byId('member')) as Connection)).resolves.toBeDefined();
  });

  it.each([[500, 'transient', 'PLUGIN_FAILED'], [429, 'rate_limited', 'PLUGIN_FAILED'], [403, 'auth_revoked', 'CONNECTION_REFUSED']])('that answers %i to signing in is reported as %s', async (status, kind, code) => {
    desk.login = (response) => response.writeHead(status).end('{}');
    await hub.admin('PATCH', '/admin/v1/connections/member', { name: `after ${status}` });
    await expect(hub.host.checkHealth((await hub.directory.byId('member')) as Connection)).rejects.toMatchObject({ code, details: { facts: { kind } } });
  });
});

describe('a page of a feed', () => {
  const record = (id: string): object => ({ id, topic: 'thing', body: '{}' });

  beforeAll(async () => {
    connection = (await hub.directory.byId('member')) as Connection;
    await hub.admin('PUT', '/admin/v1/connections/member/credentials', { credentials: CREDENTIALS });
  });

  it('comes with the cursor that was given and at most what the manifest allows', async () => {
    desk.page = { records: [record('1'), record('2')], nextCursor: 'after 2', hasMore: true, more: 1 };
    expect(await hub.host.pollFeed(connection, { feed: 'things', cursor: null, limit: 500 })).toEqual({ records: [record('1'), record('2')], nextCursor: 'after 2', hasMore: true });
    expect(desk.seen.at(-1)?.body).toBe('{"cursor":null,"limit":3}');
  });

  it.each([
    ['a fourth record', { records: ['1', '2', '3', '4'].map(record), nextCursor: 'x', hasMore: false }],
    ['no cursor', { records: [], nextCursor: null, hasMore: false }],
    ['a cursor that is too long', { records: [], nextCursor: 'x'.repeat(8_193), hasMore: false }],
    ['a topic that the manifest does not name', { records: [{ ...record('1'), topic: 'other' }], nextCursor: 'x', hasMore: false }],
    ['one id twice', { records: [record('1'), record('1')], nextCursor: 'x', hasMore: false }],
    ['a body that is no text', { records: [{ ...record('1'), body: {} }], nextCursor: 'x', hasMore: false }],
    ['no word on whether there is more', { records: [], nextCursor: 'x' }],
  ])('is refused whole with %s, since its cursor would pass over what is dropped', async (_what, page) => {
    desk.page = page;
    await expect(hub.host.pollFeed(connection, { feed: 'things', cursor: null, limit: 3 })).rejects.toMatchObject({ code: 'PLUGIN_FAILED', details: { facts: { kind: 'plugin_bug' } } });
  });

  it('of a feed that the manifest does not declare is refused, and so is a capability that it does not have', async () => {
    await expect(hub.host.pollFeed(connection, { feed: 'other', cursor: null, limit: 3 })).rejects.toMatchObject({ details: { facts: { kind: 'unsupported' } } });
    await expect(hub.host.postMovements(connection, [])).rejects.toMatchObject({ details: { facts: { kind: 'unsupported' } } });
    await expect(hub.host.listItems(connection, { cursor: null, limit: 1 })).rejects.toMatchObject({ details: { facts: { kind: 'unsupported' } } });
  });
});
