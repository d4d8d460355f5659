import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/core/persistence/database.js';
import type { OidcSettings } from '../../src/core/settings/oidc-settings.js';
import { newUser } from '../support/access/people.js';
import { CLIENT_ID, CLIENT_SECRET, startProvider, throughProvider, type Claims, type TestProvider } from '../support/access/provider.js';
import { startTestApp, type Answer, type TestApp } from '../support/app.js';

const HOME = 'http://hub.example.test';
const REDIRECT = `${HOME}/admin/v1/oidc/callback`;
const ANNA = { email: 'anna@example.test', email_verified: true, name: 'Anna', groups: ['staff', 'hub-operators'] };

let provider: TestProvider;
let hub: TestApp;
let database: Database;

const settings = (over: Partial<OidcSettings> = {}): OidcSettings => ({
  issuer: provider.issuer, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, scopes: 'openid email profile', roleClaim: 'groups', redirectUri: REDIRECT, createUsers: true, linkByEmail: true,
  roles: [{ role: 'admin', value: 'hub-admins' }, { role: 'operator', value: 'hub-operators' }, { role: 'viewer', value: 'staff' }], ...over,
});

beforeAll(async () => {
  provider = await startProvider(REDIRECT);
  hub = await startTestApp([], { oidc: settings() });
  database = hub.app.get(Database);
});

afterAll(async () => {
  await hub.stop();
  await provider.stop();
});

beforeEach(async () => {
  await database.execute('delete from governance.failed_try');
});

afterEach(() => {
  provider.tamper = undefined;
  provider.forge = false;
});

interface Begun {
  readonly cookie: string;
  /** Where the provider is asked. */
  readonly asks: URL;
}

async function begin(at = hub): Promise<Begun> {
  const answer = await at.call('GET', '/admin/v1/oidc/login');
  expect(answer).toMatchObject({ status: 302, text: '' });
  return { cookie: String(answer.headers['set-cookie']).split(';')[0] ?? '', asks: new URL(String(answer.headers.location)) };
}

/** The way back of a browser that was at the provider: a path of the hub. */
async function comeBack({ asks }: Begun, subject: string | undefined, claims: Claims = ANNA): Promise<string> {
  provider.atKeyboard = subject;
  if (subject !== undefined) provider.people.set(subject, claims);
  const back = await throughProvider(provider.issuer, asks.href);
  expect(back.startsWith(`${REDIRECT}?`)).toBe(true);
  return back.slice(HOME.length);
}

const finish = (path: string, cookie: string | undefined, at = hub): Promise<Answer> => at.call('GET', path, undefined, cookie === undefined ? {} : { headers: { cookie } });

async function signIn(subject: string | undefined, claims: Claims = ANNA, at = hub): Promise<Answer> {
  const begun = await begin(at);
  return finish(await comeBack(begun, subject, claims), begun.cookie, at);
}

const me = async (session: Answer): Promise<Claims> => (await hub.call('GET', '/admin/v1/me', undefined, { token: session.body.token as string })).body;
const asAdmin = (method: string, path: string, body?: unknown): Promise<Answer> => hub.call(method, `/admin/v1/users${path}`, body, { token: hub.adminToken });

describe('a person whom the provider vouches for', () => {
  it('becomes a user with the role of the groups, and has a session like any other', async () => {
    const begun = await begin();
    expect(Object.fromEntries(begun.asks.searchParams)).toMatchObject({ response_type: 'code', client_id: CLIENT_ID, redirect_uri: REDIRECT, scope: 'openid email profile', code_challenge_method: 'S256', code_challenge: expect.any(String), state: expect.any(String), nonce: expect.any(String) });
    // Providers add parameters of their own.
    const session = await finish(`${await comeBack(begun, 'anna')}&session_state=a%20b&authuser=0`, begun.cookie);
    expect(session).toMatchObject({ status: 200, body: { token: expect.stringMatching(/^cds_/), expiresAt: expect.any(String) }, headers: { 'set-cookie': expect.stringMatching(/^crossdock-sign-in=; Max-Age=0;/), 'cache-control': 'no-store' } });
    const user = await me(session);
    expect(user).toMatchObject({ email: ANNA.email, name: 'Anna', role: 'operator', state: 'active', hasPassword: false, hasIdentity: true });
    expect(await hub.call('GET', '/admin/v1/sessions', undefined, { token: session.body.token as string })).toMatchObject({ body: { items: [{ begunBy: 'oidc', current: true }] } });
    expect(await me(await signIn('anna'))).toMatchObject({ id: user.id });
  });

  it('is the same user under another address, and has the role that the groups mean now', async () => {
    const before = await me(await signIn('berta', { ...ANNA, email: 'berta@example.test' }));
    const session = await signIn('berta', { groups: ['staff'], email: 'married@example.test', email_verified: true });
    expect(await me(session)).toMatchObject({ id: before.id, email: 'berta@example.test', role: 'viewer' });
  });

  it('is not let in without a role, disabled, or unknown where users are not created', async () => {
    for (const groups of [[], ['strangers'], undefined]) expect(await signIn('carl', { ...ANNA, email: 'carl@example.test', groups })).toMatchObject({ status: 403, body: { code: 'OIDC_NOT_ALLOWED' } });
    const { id } = await me(await signIn('dora', { ...ANNA, email: 'dora@example.test' }));
    await asAdmin('POST', `/${id as string}/disable`);
    expect(await signIn('dora')).toMatchObject({ status: 403, body: { code: 'OIDC_NOT_ALLOWED', detail: expect.stringContaining('disabled') } });
    const strict = await startTestApp([], { databaseUrl: hub.databaseUrl, oidc: settings({ createUsers: false }) }, {}, { claimed: false });
    expect(await signIn('emil', { ...ANNA, email: 'emil@example.test' }, strict)).toMatchObject({ status: 403, body: { code: 'OIDC_NOT_ALLOWED' } });
    expect((await asAdmin('GET', '?search=emil')).body.items).toEqual([]);
    await strict.stop();
  });

  it('does not take the last admin away', async () => {
    const only = await startTestApp([], { oidc: settings() });
    const admin = await signIn('root', { ...ANNA, email: 'root@example.test', groups: ['hub-admins'] }, only);
    const users = (await only.call('GET', '/admin/v1/users', undefined, { token: only.adminToken })).body.items as { id: string; hasPassword: boolean }[];
    expect(await only.call('DELETE', `/admin/v1/users/${users.find(({ hasPassword }) => hasPassword)?.id}`, undefined, { token: admin.body.token as string })).toMatchObject({ status: 204 });
    expect(await signIn('root', { ...ANNA, email: 'root@example.test', groups: ['staff'] }, only)).toMatchObject({ status: 409, body: { code: 'LAST_ADMIN' } });
    expect(await only.call('GET', '/admin/v1/users', undefined, { token: admin.body.token as string })).toMatchObject({ status: 200 });
    await only.stop();
  });
});

describe('a user who is unlinked', () => {
  it('is signed out at once, and is linked anew by the next sign-in', async () => {
    const session = await signIn('klaus', { ...ANNA, email: 'klaus@example.test' });
    const { id } = await me(session);
    expect(await asAdmin('DELETE', `/${id as string}/identity`)).toMatchObject({ status: 200, body: { hasIdentity: false, state: 'invited' } });
    expect(await me(session)).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await me(await signIn('klaus the second', { ...ANNA, email: 'klaus@example.test' }))).toMatchObject({ id });
  });
});

describe('a user who was there before', () => {
  const invite = async (email: string): Promise<string> => (await asAdmin('POST', '', { email, role: 'viewer' })).body.id as string;

  it('is linked by a verified address, in any case, and keeps the password', async () => {
    const { id } = await newUser(hub, 'viewer', 'Fritz@example.test', 'a password of some length');
    const session = await signIn('fritz', { ...ANNA, email: 'fritz@EXAMPLE.test' });
    expect(await me(session)).toMatchObject({ id, role: 'operator', hasPassword: true, hasIdentity: true });
  });

  it('is not linked by an address that is not verified', async () => {
    await invite('gerd@example.test');
    for (const email_verified of [false, undefined]) expect(await signIn('gerd', { ...ANNA, email: 'gerd@example.test', email_verified })).toMatchObject({ status: 403, body: { code: 'OIDC_NOT_ALLOWED' } });
  });

  it('is not linked to a second person who has the address now', async () => {
    await me(await signIn('old hanna', { ...ANNA, email: 'hanna@example.test' }));
    expect(await signIn('new hanna', { ...ANNA, email: 'hanna@example.test' })).toMatchObject({ status: 403, body: { code: 'OIDC_NOT_ALLOWED' } });
  });

  it('is not linked where the settings do not allow it', async () => {
    const id = await invite('ida@example.test');
    const strict = await startTestApp([], { databaseUrl: hub.databaseUrl, oidc: settings({ linkByEmail: false }) }, {}, { claimed: false });
    expect(await signIn('ida', { ...ANNA, email: 'ida@example.test' }, strict)).toMatchObject({ status: 403, body: { code: 'OIDC_NOT_ALLOWED', detail: expect.not.stringContaining('ida@example.test') } });
    expect((await asAdmin('GET', `/${id}`)).body).toMatchObject({ hasIdentity: false, state: 'invited' });
    await strict.stop();
  });
});

describe('a sign-in', () => {
  const invalid = { status: 401, body: { code: 'OIDC_SIGN_IN_INVALID' } };

  it('is finished by the browser that began it and by no other', async () => {
    const begun = await begin();
    const path = await comeBack(begun, 'anna');
    const other = await begin();
    for (const cookie of [undefined, '', other.cookie, `${begun.cookie}x`, `${begun.cookie}; ${other.cookie}`]) expect(await finish(path, cookie)).toMatchObject(invalid);
    expect(await finish(path, begun.cookie)).toMatchObject({ status: 200 });
  });

  it('may come back to another process than it set out from', async () => {
    const replica = await startTestApp([], { databaseUrl: hub.databaseUrl, oidc: settings() }, {}, { claimed: false });
    const begun = await begin();
    expect(await finish(await comeBack(begun, 'anna'), begun.cookie, replica)).toMatchObject({ status: 200 });
    await replica.stop();
  });

  it('is finished with its own state, once', async () => {
    const begun = await begin();
    const path = await comeBack(begun, 'anna');
    for (const state of ['', 'wrong', 'two&state=states', (await begin()).asks.searchParams.get('state') ?? '']) expect(await finish(path.replace(/state=[^&]*/, `state=${state}`), begun.cookie)).toMatchObject(invalid);
    expect(await finish('/admin/v1/oidc/callback', begun.cookie)).toMatchObject(invalid);
    const both = await Promise.all([finish(path, begun.cookie), finish(path, begun.cookie)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
    expect(await finish(path, begun.cookie)).toMatchObject(invalid);
  });

  it('does not take a code that was used, nor one of another sign-in', async () => {
    const codeOf = (path: string): string => new URLSearchParams(path.split('?')[1]).get('code') ?? '';
    const first = await begin();
    const used = await comeBack(first, 'anna');
    expect(await finish(used, first.cookie)).toMatchObject({ status: 200 });
    const second = await begin();
    const third = await begin();
    const theirs = await comeBack(third, 'anna');
    const path = await comeBack(second, 'anna');
    expect(await finish(path.replace(codeOf(path), codeOf(used)), second.cookie)).toMatchObject(invalid);
    const fourth = await begin();
    const own = await comeBack(fourth, 'anna');
    // The code is fresh, and was asked for with another challenge.
    expect(await finish(own.replace(codeOf(own), codeOf(theirs)), fourth.cookie)).toMatchObject(invalid);
  });

  it('ends after ten minutes', async () => {
    const begun = await begin();
    const path = await comeBack(begun, 'anna');
    await database.execute('update governance.oidc_sign_in set expires_at = now()');
    expect(await finish(path, begun.cookie)).toMatchObject(invalid);
  });

  it('that the person cancels is told so', async () => {
    expect(await signIn(undefined)).toMatchObject({ status: 401, body: { code: 'OIDC_SIGN_IN_INVALID', detail: 'The identity provider refused: access_denied.' } });
  });

  it.each<[string, (claims: Claims) => Claims]>([
    ['is for another audience', (claims) => ({ ...claims, aud: 'somebody else' })],
    ['has expired', (claims) => ({ ...claims, exp: 1_000_000_000 })],
    ['has another nonce', (claims) => ({ ...claims, nonce: 'another' })],
    ['has no nonce', ({ nonce: _nonce, ...claims }) => claims],
    ['is by another issuer', (claims) => ({ ...claims, iss: 'https://elsewhere.example' })],
    ['is for two, and not said to whom of them', (claims) => ({ ...claims, aud: [CLIENT_ID, 'somebody else'], azp: 'somebody else' })],
  ])('does not believe an ID token that %s', async (_name, tamper) => {
    provider.tamper = tamper;
    expect(await signIn('anna')).toMatchObject(invalid);
  });

  it('does not believe an ID token that is not signed by the provider', async () => {
    provider.forge = true;
    expect(await signIn('anna')).toMatchObject(invalid);
    provider.forge = false;
    // Signed again as it was: what made the others unbelievable is what was done to them.
    provider.tamper = (claims) => claims;
    expect(await signIn('anna')).toMatchObject({ status: 200 });
  });

  it('is begun so often from one address and no more, and leaves nothing readable behind', async () => {
    const begun = await begin();
    expect(JSON.stringify(await database.query(`select encode(state_hash, 'escape') as hash from governance.oidc_sign_in`))).not.toContain(begun.asks.searchParams.get('state'));
    for (let more = 1; more < 50; more += 1) await begin();
    expect(await hub.call('GET', '/admin/v1/oidc/login')).toMatchObject({ status: 429, body: { code: 'TOO_MANY_ATTEMPTS' } });
  });
});

describe('a hub', () => {
  it('that nobody has claimed lets nobody in', async () => {
    const fresh = await startTestApp([], { oidc: settings() }, {}, { claimed: false });
    expect(await signIn('first', { ...ANNA, groups: ['hub-admins'] }, fresh)).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    await fresh.stop();
  });

  it('without a provider says that there is none', async () => {
    const plain = await startTestApp();
    for (const path of ['login', 'callback', 'callback?code=x&state=y']) expect(await plain.call('GET', `/admin/v1/oidc/${path}`)).toMatchObject({ status: 404, body: { code: 'OIDC_NOT_CONFIGURED' } });
    await plain.stop();
  });

  it('whose provider is away says so, and goes on when it is back', async () => {
    const away = await startProvider(REDIRECT);
    const lonely = await startTestApp([], { databaseUrl: hub.databaseUrl, oidc: { ...settings(), issuer: away.issuer } }, {}, { claimed: false });
    await away.stop();
    expect(await lonely.call('GET', '/admin/v1/oidc/login')).toMatchObject({ status: 503, body: { code: 'OIDC_UNAVAILABLE' }, headers: { 'retry-after': expect.any(String) } });
    const back = await startProvider(REDIRECT, Number(new URL(away.issuer).port));
    expect((await begin(lonely)).asks.href.startsWith(back.issuer)).toBe(true);
    await lonely.stop();
    await back.stop();
  });

  it('that does not know the secret is refused by the provider', async () => {
    const wrong = await startTestApp([], { databaseUrl: hub.databaseUrl, oidc: { ...settings(), clientSecret: 'not the secret' } }, {}, { claimed: false });
    expect(await signIn('anna', ANNA, wrong)).toMatchObject({ status: 401, body: { code: 'OIDC_SIGN_IN_INVALID' } });
    await wrong.stop();
  });

  it('that people reach over TLS keeps the cookie to it', async () => {
    const secure = await startTestApp([], { databaseUrl: hub.databaseUrl, oidc: settings({ redirectUri: 'https://hub.example.test/admin/v1/oidc/callback' }) }, {}, { claimed: false });
    expect((await secure.call('GET', '/admin/v1/oidc/login')).headers['set-cookie']).toMatch(/^__Host-crossdock-sign-in=[\w-]{43}; .*Secure$/);
    await secure.stop();
  });
});
