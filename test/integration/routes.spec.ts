import { afterAll, beforeAll, expect, it } from 'vitest';
import { isAtLeast, SCOPES, USER_ROLES } from '../../src/core/governance/access.js';
import { Database } from '../../src/core/persistence/database.js';
import { ACCESS, type Openness } from '../support/access/table.js';
import { startWholeApp, type WholeApp } from '../support/whole-app.js';

interface Answer {
  readonly status: number;
  readonly code: unknown;
}

let hub: WholeApp;

/** Calls `METHOD /route` with `x` for every parameter and no body. */
async function call(route: string, token?: string): Promise<Answer> {
  const [method, url = ''] = route.split(' ');
  const response = await hub.app.inject({ method: method as 'GET', url: url.replaceAll(/:\w+|\*/g, 'x'), headers: token ? { authorization: `Bearer ${token}` } : {} });
  return { status: response.statusCode, code: response.payload !== '' && /^application\/(problem\+)?json/.test(String(response.headers['content-type'])) ? (response.json() as { code?: unknown }).code : undefined };
}

async function asAdmin(method: 'POST' | 'DELETE', path: string, payload?: object): Promise<Record<string, string>> {
  const response = await hub.app.inject({ method, url: `/admin/v1${path}`, payload, headers: { authorization: `Bearer ${hub.adminToken}` } });
  if (response.statusCode >= 300) throw new Error(`${path}: ${response.payload}`);
  return response.payload === '' ? {} : response.json();
}

/** The key of a new client with every scope; `then` is done to it before the key is shown. */
async function newKey(then: (client: string) => Promise<unknown>): Promise<string> {
  const { id, key } = await asAdmin('POST', '/clients', { name: 'passing', scopes: SCOPES });
  await then(id ?? '');
  return key ?? '';
}

/** An access token for a key, with these scopes of its client; `then` is done before it is shown. */
async function accessToken(key: string | undefined, scopes: readonly string[], then: (token: string) => Promise<unknown> = async () => undefined): Promise<string> {
  const token = (await oauth2('token', key, { grant_type: 'client_credentials', scope: scopes.join(' ') }))['access_token'] ?? '';
  await then(token);
  return token;
}

async function oauth2(step: 'token' | 'revoke', key: string | undefined, form: Record<string, string>): Promise<Record<string, string>> {
  const basic = Buffer.from(`${key?.split('_')[1]}:${key}`).toString('base64');
  const response = await hub.app.inject({ method: 'POST', url: `/oauth2/${step}`, headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' }, payload: new URLSearchParams(form).toString() });
  if (response.statusCode !== 200) throw new Error(`${step}: ${response.payload}`);
  return response.payload === '' ? {} : response.json();
}

/** Whom the hub does not (or no longer) know: kinds of tokens by name. */
const STRANGERS: Readonly<Record<string, () => Promise<string | undefined>>> = {
  'nobody': async () => undefined,
  'garbage': async () => 'cds_nonsense',
  'a session that never was': async () => `cds_${'A'.repeat(43)}`,
  'a key that never was': async () => `cdk_aaaaaaaaaaaa_${'A'.repeat(43)}`,
  'an access token that never was': async () => `cdt_${'A'.repeat(43)}`,
  'the key of a revoked client': () => newKey((client) => asAdmin('DELETE', `/clients/${client}`)),
  'the key of a disabled client': () => newKey((client) => asAdmin('POST', `/clients/${client}/disable`)),
  'a key that was rotated away': () => newKey((client) => asAdmin('POST', `/clients/${client}/rotate`, { overlapSeconds: 0 })),
  'an access token that has expired': () => accessToken(hub.masterKey, SCOPES, () => hub.app.get(Database).execute('update governance.access_token set expires_at = now()')),
  'an access token that was revoked': () => accessToken(hub.masterKey, SCOPES, (token) => oauth2('revoke', hub.masterKey, { token })),
  'an access token of a key that was rotated away': async () => {
    let token = '';
    await newKey(async (client) => {
      const { key } = await asAdmin('POST', `/clients/${client}/rotate`, { overlapSeconds: 0 });
      token = await accessToken(key, SCOPES);
      await asAdmin('POST', `/clients/${client}/rotate`, { overlapSeconds: 0 });
    });
    return token;
  },
  'a session that is too old': () => hub.session('admin', `update governance.admin_session set expires_at = now() - interval '1 second' where token_hash = $1`),
  'a session that was not used for too long': () => hub.session('admin', `update governance.admin_session set last_seen_at = now() - interval '2 hours 1 second' where token_hash = $1`),
  'a session that was ended': () => hub.session('admin', 'delete from governance.admin_session where token_hash = $1'),
  'the session of a disabled user': () => hub.session('admin', 'update governance.user_account set disabled_at = now() where id = (select user_id from governance.admin_session where token_hash = $1)'),
  'the session of a deleted user': () => hub.session('admin', 'delete from governance.user_account where id = (select user_id from governance.admin_session where token_hash = $1)'),
};

/** A token that every call may share, made at the first. */
function once(make: () => Promise<string>): () => Promise<string> {
  let made: Promise<string> | undefined;
  return () => (made ??= make());
}

/** Everybody whom the hub knows: kinds of callers by name, and whether the table lets each in. A session is made anew for each call, since some calls end it. */
const KNOWN: Readonly<Record<string, { token: () => Promise<string | undefined>; may: (route: Openness & { kind: 'closed' }) => boolean }>> = Object.fromEntries([
  ...USER_ROLES.map((role) => [role, { token: () => hub.session(role), may: (route: Openness & { kind: 'closed' }) => route.role !== undefined && isAtLeast(role, route.role) }]),
  ...SCOPES.map((scope) => [`a client with ${scope}`, { token: async () => hub.keys.get(scope), may: (route: Openness & { kind: 'closed' }) => route.scope === scope }]),
  ...SCOPES.map((scope) => [`an access token for ${scope} of a client with all`, { token: once(() => accessToken(hub.masterKey, [scope])), may: (route: Openness & { kind: 'closed' }) => route.scope === scope }]),
  ['a client without scopes', { token: async () => hub.scopelessKey, may: () => false }],
]);

beforeAll(async () => {
  hub = await startWholeApp();
});

afterAll(async () => {
  await hub.stop();
});

const closed = (): [string, Openness & { kind: 'closed' }][] => [...ACCESS].filter((entry): entry is [string, Openness & { kind: 'closed' }] => entry[1].kind === 'closed');

it('serves exactly the routes that the table of access has, HEAD wherever GET', () => {
  const served = new Set(hub.routes.filter(({ method }) => method !== 'HEAD').map(({ method, url }) => `${method} ${url}`));
  expect([...served].filter((route) => !ACCESS.has(route))).toEqual([]);
  expect([...ACCESS.keys()].filter((route) => !served.has(route))).toEqual([]);
  // A plugin's own front door is registered with and without a slash at its end.
  expect(hub.routes.filter(({ method, url }) => method === 'HEAD' && !ACCESS.has(`GET ${url.replace(/(.)\/$/, '$1')}`))).toEqual([]);
});

it('answers anybody on the routes that are for anybody, and on no other', async () => {
  const answered: string[] = [];
  for (const route of ACCESS.keys()) if ((await call(route)).code !== 'UNAUTHENTICATED') answered.push(route);
  expect(answered).toEqual([...ACCESS].filter(([, { kind }]) => kind !== 'closed').map(([route]) => route));
});

it.each(Object.keys(STRANGERS))('answers 401 to %s on every closed route', async (who) => {
  const token = await STRANGERS[who]?.();
  for (const [route] of closed()) {
    expect([route, await call(route, token)]).toEqual([route, { status: 401, code: 'UNAUTHENTICATED' }]);
    if (route.startsWith('GET ')) expect([route, (await call(route.replace('GET', 'HEAD'), token)).status]).toEqual([route, 401]);
  }
});

it.each(Object.keys(KNOWN))('lets %s in where the table says so, and answers 403 everywhere else', async (who) => {
  const caller = KNOWN[who];
  const outcomes: Record<string, string> = {};
  const expected: Record<string, string> = {};
  for (const [route, openness] of closed()) {
    const { status } = await call(route, await caller?.token());
    outcomes[route] = status === 401 || status === 403 ? String(status) : 'let in';
    expected[route] = caller?.may(openness) ? 'let in' : '403';
    if (route.startsWith('GET ')) expect([route, (await call(route.replace('GET', 'HEAD'), await caller?.token())).status === 403]).toEqual([route, expected[route] === '403']);
  }
  expect(outcomes).toEqual(expected);
});
