import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { canary, leaks, plainCanary, type Canaries } from '../support/access/canaries.js';
import { Collector } from '../support/tracing/collector.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { HUB_ADMIN, startHub, type Hub, type HubAnswer } from '../support/hub.js';
import { sign } from '../support/intake.js';
import { buildPlugins, type PluginBuild } from '../support/plugins.js';

const OWNER = `canary_${randomBytes(6).toString('hex')}`;
const DATABASE_PASSWORD = randomBytes(16).toString('hex');
const [SETUP, OIDC_SECRET, PASSWORD, WEBHOOK, TOKEN, OTHER_TOKEN, COLLECTOR] = [plainCanary(), plainCanary(), canary(), canary(), plainCanary(), plainCanary(), plainCanary()];
const collector = new Collector();

let database: TestDatabase;
let plugins: PluginBuild;
let echo: Server;
let host: string;
let hub: Hub;
/** A change of the password ends the session that the hub was started with. */
let admin: string | undefined;
/** Every answer that refuses something, as its caller saw it. */
const problems: string[] = [];
const secrets: Record<string, string> = { setup: SETUP, oidc: OIDC_SECRET, password: PASSWORD, webhook: WEBHOOK, token: TOKEN, otherToken: OTHER_TOKEN, collector: COLLECTOR, database: DATABASE_PASSWORD };

async function asOwner(sql: string, url = inject('postgres').admin): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** An outside system, and an identity provider, that tell whoever calls what he sent, in every form, and refuse it. */
async function startEcho(): Promise<Server> {
  const server = createServer((request, response) => {
    const origin = `http://${request.headers.host}`;
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => body.push(chunk)).on('end', () => {
      if (request.url === '/.well-known/openid-configuration') {
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ issuer: origin, authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token`, jwks_uri: `${origin}/jwks`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] }));
        return;
      }
      const told = request.headers.authorization ?? '';
      const value = told.replace(/^\w+ /, '');
      const forms = [told, value, Buffer.from(told).toString('base64'), Buffer.from(value).toString('base64'), Buffer.from(value).toString('hex'), encodeURIComponent(value), Buffer.concat(body).toString()];
      const [, status = '500'] = /status=(\d+)/.exec(request.url ?? '') ?? [];
      response.writeHead(Number(request.url === '/token' ? 400 : status), { 'content-type': 'application/json', 'x-echo': Buffer.from(value).toString('base64') });
      response.end(JSON.stringify({ error: 'invalid_client', error_description: forms.join(' | '), forms }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Calls, and keeps what is answered to a refusal. */
async function call(method: string, path: string, body?: unknown, options: { token?: string | null; headers?: Record<string, string> } = {}): Promise<HubAnswer> {
  const answer = await hub.api(method, path, body, { token: admin, ...options });
  if (answer.status >= 400) problems.push(`${method} ${JSON.stringify(answer.body)}`);
  return answer;
}

async function deliver(id: string, body: unknown, secret = WEBHOOK): Promise<number> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'x-delivery': id, 'x-signature': sign(Buffer.from(text), secret) };
  return (await call('POST', '/webhooks/shop/any', text, { token: null, headers })).status;
}

beforeAll(async () => {
  [database, plugins, echo] = await Promise.all([createTestDatabase(), buildPlugins('web'), startEcho()]);
  host = `127.0.0.1:${(echo.address() as AddressInfo).port}`;
  await asOwner(`create role ${OWNER} login superuser password '${DATABASE_PASSWORD}'`);
  const url = new URL(database.url);
  url.username = OWNER;
  url.password = DATABASE_PASSWORD;
  hub = await startHub({
    databaseUrl: url.href,
    env: {
      CROSSDOCK_LOG_LEVEL: 'trace', CROSSDOCK_PLUGINS_DIR: plugins.folders.further ?? '', CROSSDOCK_SETUP_TOKEN: SETUP, CROSSDOCK_PUBLIC_URL: 'http://127.0.0.1',
      CROSSDOCK_OIDC_ISSUER: `http://${host}`, CROSSDOCK_OIDC_CLIENT_ID: 'hub', CROSSDOCK_OIDC_CLIENT_SECRET: OIDC_SECRET, CROSSDOCK_OIDC_ROLES: 'viewer=staff',
      OTEL_EXPORTER_OTLP_ENDPOINT: await collector.start(), OTEL_EXPORTER_OTLP_HEADERS: `authorization=${encodeURIComponent(COLLECTOR)}`,
    },
  });
}, 90_000);

afterAll(async () => {
  await hub.stop();
  echo.close();
  collector.stop();
  await database.drop();
  await asOwner(`drop role ${OWNER}`);
  await plugins.remove();
});

async function people(): Promise<void> {
  await call('POST', '/admin/v1/setup', { token: SETUP, email: 'again@example.test', password: PASSWORD });
  await call('POST', '/admin/v1/setup', { token: `${SETUP}x`, email: PASSWORD, password: 7 });
  expect((await call('PUT', '/admin/v1/me/password', { current: HUB_ADMIN.password, password: PASSWORD, stray: PASSWORD })).status).toBe(422);
  await call('PUT', '/admin/v1/me/password', { currentPassword: HUB_ADMIN.password, newPassword: PASSWORD });
  for (const body of [{ email: 'nobody@example.test', password: PASSWORD }, { email: PASSWORD, password: PASSWORD }, { email: 'a@b.c', password: [PASSWORD] }, `{"password": "${PASSWORD}`]) await call('POST', '/admin/v1/sessions', body, { token: null });
  const session = await call('POST', '/admin/v1/sessions', { ...HUB_ADMIN, password: PASSWORD });
  const own = session.status === 201 ? session : await call('POST', '/admin/v1/sessions', HUB_ADMIN);
  secrets.session = admin = String(own.body['token']);
  await call('GET', `/admin/v1/sessions?token=${secrets.session}`, undefined, { token: secrets.session });
  await call('GET', '/admin/v1/me', undefined, { token: `${secrets.session}x` });
  const invited = await call('POST', '/admin/v1/users', { email: 'new@example.test', name: 'New', role: 'viewer' });
  const [invitation] = /cd[a-z]_[\w-]{20,}/.exec(JSON.stringify(invited.body)) ?? [];
  if (invitation) {
    secrets.invitation = invitation;
    await call('POST', '/admin/v1/invitations/accept', { token: invitation, password: [PASSWORD] }, { token: null });
    await call('POST', '/admin/v1/invitations/accept', { token: invitation, password: PASSWORD }, { token: null });
  }
}

async function provider(): Promise<void> {
  const begun = await fetch(`${hub.url}/admin/v1/oidc/login`, { redirect: 'manual' });
  expect(begun.status).toBe(302);
  const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const cookie = (begun.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const back = await call('GET', `/admin/v1/oidc/callback?code=${encodeURIComponent(PASSWORD)}&state=${state}`, undefined, { token: null, headers: { cookie } });
  expect(back.status).toBeGreaterThanOrEqual(400);
}

async function clients(): Promise<void> {
  const made = await call('POST', '/admin/v1/clients', { name: 'till', scopes: ['stock:read'] });
  const [key, id] = [String(made.body['key']), String(made.body['id'])];
  secrets.apiKey = key;
  await call('GET', `/api/v1/stock-levels?${new URLSearchParams({ key })}`, undefined, { token: key });
  await call('POST', '/api/v1/stock-movements', { key }, { token: key });
  await call('POST', '/admin/v1/clients', { name: 'till', scopes: [key] });
  const form = (fields: Record<string, string>): Promise<HubAnswer> => call('POST', '/oauth2/token', new URLSearchParams(fields).toString(), { token: null, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  const granted = await form({ grant_type: 'client_credentials', client_id: id, client_secret: key });
  secrets.accessToken = String(granted.body['access_token']);
  await form({ grant_type: 'client_credentials', client_id: id, client_secret: `${key}x` });
  await form({ grant_type: key, client_id: id, client_secret: key, scope: key });
  await call('GET', '/api/v1/stock-levels', undefined, { token: secrets.accessToken });
  await call('GET', '/admin/v1/clients', undefined, { token: secrets.accessToken });
}

async function outside(): Promise<void> {
  const connection = { id: 'shop', plugin: 'web', name: 'shop', config: { host }, allowPrivateNetwork: true, credentials: { token: TOKEN, webhookSecret: WEBHOOK } };
  await call('POST', '/admin/v1/connections', { ...connection, config: {}, credentials: { token: [TOKEN], webhookSecret: { value: WEBHOOK }, stray: TOKEN } });
  await call('POST', '/admin/v1/connections', { ...connection, credentials: { token: TOKEN, stray: TOKEN } });
  expect((await call('POST', '/admin/v1/connections', connection)).status).toBe(201);
  const url = `http://${host}/echo`;
  expect(await deliver('d-1', { by: 'http', url: `${url}?status=200` })).toBe(202);
  await deliver('d-2', { by: 'fetch', url: `${url}?status=401` });
  await deliver('d-3', { by: 'http', url, method: 'POST', headers: { 'x-more': 'y' }, body: 'b' });
  await deliver('d-4', { by: 'http', url, spill: true });
  await expect.poll(() => hub.log(), { timeout: 30_000, interval: 200 }).toContain('d-4');
  await deliver('d-5', 'no JSON at all');
  await deliver('d-6', { by: 'http', url }, 'another secret');
  await call('PUT', '/admin/v1/connections/shop/credentials', { credentials: { token: { no: OTHER_TOKEN } } });
  await call('PUT', '/admin/v1/connections/shop/credentials', { credentials: { token: OTHER_TOKEN, webhookSecret: WEBHOOK }, keepPreviousForSeconds: 60 });
  await deliver('d-7', { by: 'http', url, spill: true });
  // A delivery that fails each time is given up soon where others beside it do not.
  let beside = 0;
  await expect.poll(async () => {
    await deliver(`beside-${(beside += 1)}`, { by: 'http', url: `${url}?status=200` });
    return JSON.stringify((await hub.api('GET', '/admin/v1/exceptions?class=PLUGIN_FAILED')).body);
  }, { timeout: 60_000, interval: 300 }).toContain('PLUGIN_FAILED');
}

/** Everything that the hub shows, tells or keeps. */
async function views(): Promise<Record<string, string>> {
  const text = async (path: string): Promise<string> => (await fetch(hub.url + path, { headers: { authorization: `Bearer ${admin ?? hub.adminToken}` } })).text();
  const seen: Record<string, string> = { log: hub.log(), problems: problems.join('\n'), traces: collector.bodies.join('\n') };
  const paths = ['/metrics', '/health/ready', '/admin/v1/deliveries', '/admin/v1/exceptions', '/admin/v1/connections', '/admin/v1/connections/shop', '/admin/v1/clients', '/admin/v1/users', '/admin/v1/plugins', '/admin/v1/audit', '/admin/v1/audit/export'];
  for (const path of paths) seen[path] = await text(path);
  for (const list of ['deliveries', 'exceptions']) for (const { id } of (JSON.parse(seen[`/admin/v1/${list}`] ?? '') as { items: { id: string }[] }).items) seen[`${list}/${id}`] = await text(`/admin/v1/${list}/${id}`);
  const tables = await asOwner(`select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`, database.url);
  for (const { name } of tables) seen[`table ${String(name)}`] = String((await asOwner(`select string_agg(row_to_json(t)::text, E'\\n') as rows from ${String(name)} t`, database.url))[0]?.['rows'] ?? '');
  return seen;
}

it('shows no secret, in any form, in its log at its most talkative, its traces, metrics, problems, deliveries, exceptions, audit log and tables', async () => {
  await outside();
  await people();
  await provider();
  await clients();
  const seen = await views();
  expect(Object.keys(secrets).sort()).toEqual(['accessToken', 'apiKey', 'collector', 'database', 'invitation', 'oidc', 'otherToken', 'password', 'session', 'setup', 'token', 'webhook']);
  expect(Object.values(secrets).filter((secret) => secret.length < 20)).toEqual([]);
  // What was driven has left its traces: the search would otherwise find nothing in nothing.
  expect(seen['log']).toMatch(/"level":"error"/);
  expect(seen['/admin/v1/exceptions']).toContain('PLUGIN_FAILED');
  expect(collector.headers[0]?.['authorization']).toBe(COLLECTOR);
  expect(new Set(collector.spans.map(({ name }) => name))).toEqual(new Set([...collector.spans.map(({ name }) => name), 'POST /webhooks/:connectionId/:topic', 'inbox.batch', 'delivery.read', 'plugin.call', 'egress.request']));
  expect(problems.length).toBeGreaterThan(15);
  expect(leaks(secrets, seen)).toEqual([]);
}, 120_000);

it('would be seen to leak: what is planted in the open is found where it shows', async () => {
  const planted: Canaries = { name: canary(), trace: randomBytes(16).toString('hex') };
  const made = await call('POST', '/admin/v1/clients', { name: planted['name'], scopes: ['stock:read'] });
  expect(made.status).toBe(201);
  await deliver(planted['trace'] ?? '', { by: 'http', url: `http://${host}/echo?plain=${planted['trace']}`, spill: true });
  await expect.poll(async () => leaks(planted, await views()), { timeout: 30_000, interval: 500 }).toEqual(expect.arrayContaining(['name in /admin/v1/clients', 'name in table governance.api_client', 'trace in log', 'trace in /admin/v1/deliveries', 'trace in table intake.delivery']));
}, 60_000);

it.each<[string, (secret: string) => string]>([
  ['as it is', (secret) => secret], ['in JSON', (secret) => JSON.stringify({ secret })], ['in JSON in JSON', (secret) => JSON.stringify({ inner: JSON.stringify({ secret }) })], ['in a URL', (secret) => `?q=${encodeURIComponent(secret)}`],
  ['in a form', (secret) => new URLSearchParams({ secret }).toString()], ['in hex', (secret) => Buffer.from(secret).toString('hex').toUpperCase()],
  ...[0, 1, 2].map((shift): [string, (secret: string) => string] => [`in base64 behind ${shift} bytes`, (secret) => Buffer.from(`${'x'.repeat(shift)}${secret} and more`).toString('base64')]),
  ['in base64url', (secret) => Buffer.from(`ab${secret}`).toString('base64url')],
])('finds a secret %s', (_how, write) => {
  const secret = canary();
  expect(leaks({ secret, other: canary() }, { here: `before ${write(secret)} after` })).toEqual(['secret in here']);
});
