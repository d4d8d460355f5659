import { afterAll, beforeAll, expect, it } from 'vitest';
import { isAtLeast, SCOPES, USER_ROLES } from '../../src/core/governance/access.js';
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
  return { status: response.statusCode, code: response.payload.startsWith('{') ? (response.json() as { code?: unknown }).code : undefined };
}

/** Whom the hub does not (or no longer) know: kinds of tokens by name. */
const STRANGERS: Readonly<Record<string, () => Promise<string | undefined>>> = {
  'nobody': async () => undefined,
  'garbage': async () => 'cds_nonsense',
  'a session that never was': async () => `cds_${'A'.repeat(43)}`,
  'a key that never was': async () => `cdk_aaaaaaaaaaaa_${'A'.repeat(43)}`,
  'an access token that never was': async () => `cdt_${'A'.repeat(43)}`,
  'a session that is too old': () => hub.session('admin', `update governance.admin_session set expires_at = now() - interval '1 second' where token_hash = $1`),
  'a session that was not used for too long': () => hub.session('admin', `update governance.admin_session set last_seen_at = now() - interval '2 hours 1 second' where token_hash = $1`),
  'a session that was ended': () => hub.session('admin', 'delete from governance.admin_session where token_hash = $1'),
  'the session of a disabled user': () => hub.session('admin', 'update governance.user_account set disabled_at = now() where id = (select user_id from governance.admin_session where token_hash = $1)'),
  'the session of a deleted user': () => hub.session('admin', 'delete from governance.user_account where id = (select user_id from governance.admin_session where token_hash = $1)'),
};

/** Everybody whom the hub knows: kinds of callers by name, and whether the table lets each in. A session is made anew for each call, since some calls end it. */
const KNOWN: Readonly<Record<string, { token: () => Promise<string | undefined>; may: (route: Openness & { kind: 'closed' }) => boolean }>> = Object.fromEntries([
  ...USER_ROLES.map((role) => [role, { token: () => hub.session(role), may: (route: Openness & { kind: 'closed' }) => route.role !== undefined && isAtLeast(role, route.role) }]),
  ...SCOPES.map((scope) => [`a client with ${scope}`, { token: async () => hub.keys.get(scope), may: (route: Openness & { kind: 'closed' }) => route.scope === scope }]),
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
  expect(hub.routes.filter(({ method, url }) => method === 'HEAD' && !ACCESS.has(`GET ${url}`))).toEqual([]);
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
