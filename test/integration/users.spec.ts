import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserRole } from '../../src/core/governance/access.js';
import { Database } from '../../src/core/persistence/database.js';
import { haveFailed, newSession, newUser } from '../support/access/people.js';
import { startTestApp, TEST_ADMIN, type Answer, type TestApp } from '../support/app.js';

const PASSWORD = 'a password of some length';

let hub: TestApp;
/** Another process on the same database. */
let replica: TestApp;
let database: Database;

beforeAll(async () => {
  hub = await startTestApp();
  replica = await startTestApp([], { databaseUrl: hub.databaseUrl }, {}, { claimed: false });
  database = hub.app.get(Database);
});

afterAll(async () => {
  await replica.stop();
  await hub.stop();
});

const asAdmin = (method: string, path: string, body?: unknown): Promise<Answer> => hub.call(method, `/admin/v1${path}`, body, { token: hub.adminToken });
const invite = (email: string, role: UserRole = 'viewer'): Promise<Answer> => asAdmin('POST', '/users', { email, role });
const accept = (invitation: unknown, password = PASSWORD): Promise<Answer> => hub.call('POST', '/admin/v1/invitations/accept', { token: (invitation as { token: string }).token, password });
const signIn = (email: string, password = PASSWORD): Promise<Answer> => hub.call('POST', '/admin/v1/sessions', { email, password });
const me = (token: string, at = hub): Promise<Answer> => at.call('GET', '/admin/v1/me', undefined, { token });
/** Of a user who was written straight into the database. */
const idOf = async (token: string): Promise<string> => (await me(token)).body.id as string;

describe('a user', () => {
  it('is invited, sets the password once, and is in', async () => {
    const made = await asAdmin('POST', '/users', { email: ' New@Example.test ', name: ' New One ', role: 'operator' });
    expect(made).toMatchObject({ status: 201, body: { email: 'New@Example.test', name: 'New One', role: 'operator', state: 'invited', hasPassword: false, hasIdentity: false, lastSignedInAt: null, invitation: { token: expect.stringMatching(/^cdi_[\w-]{43}$/), expiresAt: expect.any(String) } } });
    const session = await accept(made.body.invitation);
    expect(session).toMatchObject({ status: 201, body: { token: expect.stringMatching(/^cds_/) } });
    expect(await me(session.body.token as string)).toMatchObject({ status: 200, body: { id: made.body.id, email: 'New@Example.test', role: 'operator', state: 'active', hasPassword: true, sessionId: expect.any(String) } });
    expect(await signIn('new@example.TEST')).toMatchObject({ status: 201 });
    expect(await accept(made.body.invitation)).toMatchObject({ status: 401, body: { code: 'INVITATION_INVALID' } });
    expect((await asAdmin('GET', `/users/${made.body.id as string}`)).body).toMatchObject({ state: 'active', lastSignedInAt: expect.any(String) });
  });

  it('is invited once by a request that is sent twice, and is answered the same', async () => {
    const once = (): Promise<Answer> => hub.call('POST', '/admin/v1/users', { email: 'repeated@example.test', role: 'viewer' }, { token: hub.adminToken, headers: { 'idempotency-key': 'invite-1' } });
    const first = await once();
    expect(await once()).toMatchObject({ status: 201, body: first.body, headers: { 'idempotency-replayed': 'true' } });
    expect(await accept(first.body.invitation)).toMatchObject({ status: 201 });
  });

  it('is one address, in upper and lower case alike', async () => {
    await invite('twice@example.test');
    expect(await invite('TWICE@example.test')).toMatchObject({ status: 409, body: { code: 'CONFLICT', errors: [{ pointer: '/email' }] } });
    const other = await invite('once@example.test');
    expect(await asAdmin('PATCH', `/users/${other.body.id as string}`, { email: 'Twice@example.test' })).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    expect(await asAdmin('PATCH', `/users/${other.body.id as string}`, { email: 'ONCE@example.test' })).toMatchObject({ status: 200, body: { email: 'ONCE@example.test' } });
  });

  it('is refused with pointers where a field is wrong, and unknown where there is none', async () => {
    const wrong = await asAdmin('POST', '/users', { email: 'nobody', role: 'owner', name: '', more: 1 });
    expect(wrong).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
    expect((wrong.body.errors as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual(['/email', '/more', '/name', '/role']);
    for (const body of [{ role: null }, { email: null }, { role: 'root' }]) expect(await asAdmin('PATCH', '/users/00000000-0000-4000-8000-000000000000', body)).toMatchObject({ status: 422 });
    for (const id of ['00000000-0000-4000-8000-000000000000', 'no-id', "'"]) {
      expect(await asAdmin('GET', `/users/${id}`)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
      for (const step of ['disable', 'enable', 'reset']) expect(await asAdmin('POST', `/users/${id}/${step}`)).toMatchObject({ status: 404 });
      expect(await asAdmin('DELETE', `/users/${id}`)).toMatchObject({ status: 404 });
    }
  });

  it('keeps what a change does not name, and loses a name that is set to null', async () => {
    const id = (await asAdmin('POST', '/users', { email: 'changing@example.test', name: 'Before', role: 'viewer' })).body.id as string;
    expect(await asAdmin('PATCH', `/users/${id}`, { role: 'integrator' })).toMatchObject({ status: 200, body: { role: 'integrator', name: 'Before', email: 'changing@example.test' } });
    expect(await asAdmin('PATCH', `/users/${id}`, { name: null })).toMatchObject({ status: 200, body: { role: 'integrator', name: null } });
  });

  it('is listed by pages, and found by role, state and a part of the address or the name', async () => {
    for (const index of [1, 2, 3, 4]) await asAdmin('POST', '/users', { email: `page${index}@example.test`, name: `Page %_ ${index}`, role: index % 2 ? 'viewer' : 'operator' });
    const emails = async (query: string): Promise<string[]> => ((await asAdmin('GET', `/users?${query}`)).body.items as { email: string }[]).map(({ email }) => email);
    const seen: string[] = [];
    for (let after: string | null = ''; after !== null;) {
      const page: Answer = await asAdmin('GET', `/users?limit=2&after=${encodeURIComponent(after)}`);
      seen.push(...(page.body.items as { email: string }[]).map(({ email }) => email));
      after = page.body.next as string | null;
    }
    expect(seen).toEqual([...new Set(seen)].sort((one, other) => (one.toLowerCase() < other.toLowerCase() ? -1 : 1)));
    expect(seen).toContain(TEST_ADMIN.email);
    expect(await emails('search=PAGE&role=viewer')).toEqual(['page1@example.test', 'page3@example.test']);
    expect(await emails('search=%25_')).toHaveLength(4);
    expect(await emails('search=page&state=active')).toEqual([]);
    expect(await emails('state=active')).toContain(TEST_ADMIN.email);
    for (const query of ['limit=0', 'role=root', 'state=gone', 'search=', 'sort=email']) expect(await asAdmin('GET', `/users?${query}`)).toMatchObject({ status: 422, body: { errors: [{ pointer: expect.stringMatching(/^\?/) }] } });
  });
});

describe('an invitation', () => {
  it('is good for nobody once it is replaced, too old, or its user disabled, and is stored as a hash', async () => {
    const made = await invite('late@example.test');
    const id = made.body.id as string;
    const second = (await asAdmin('POST', `/users/${id}/reset`)).body;
    expect(await accept(made.body.invitation)).toMatchObject({ status: 401, body: { code: 'INVITATION_INVALID' } });
    expect(JSON.stringify(await database.query(`select encode(token_hash, 'escape') as hash from governance.user_invitation`))).not.toContain(second.token);
    await database.execute(`update governance.user_invitation set expires_at = now() where user_id = $1`, [id]);
    expect(await accept(second)).toMatchObject({ status: 401, body: { code: 'INVITATION_INVALID' } });
    const third = (await asAdmin('POST', `/users/${id}/reset`)).body;
    await asAdmin('POST', `/users/${id}/disable`);
    expect(await accept(third)).toMatchObject({ status: 401, body: { code: 'INVITATION_INVALID' } });
    expect(await asAdmin('POST', `/users/${id}/reset`)).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    expect(await accept({ token: 'no such thing' }, 'short')).toMatchObject({ status: 422, body: { errors: [{ pointer: '/password' }] } });
  });

  it('is accepted once, however many accept it at the same moment', async () => {
    const { invitation } = (await invite('raced@example.test')).body;
    const answers = await Promise.all([0, 1, 2].map((index) => accept(invitation, `${PASSWORD} ${index}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 401, 401]);
    const winner = answers.findIndex(({ status }) => status === 201);
    expect(await signIn('raced@example.test', `${PASSWORD} ${winner}`)).toMatchObject({ status: 201 });
  });
});

describe('what is taken from a user', () => {
  const reads = (token: string, path: string, at: TestApp): Promise<Answer> => at.call('GET', `/admin/v1${path}`, undefined, { token });

  it('is gone from live sessions at the next request, in every process: a role', async () => {
    const token = await newSession(database, 'admin');
    const id = await idOf(token);
    for (const at of [hub, replica]) expect(await reads(token, '/users', at)).toMatchObject({ status: 200 });
    expect(await asAdmin('PATCH', `/users/${id}`, { role: 'operator' })).toMatchObject({ status: 200, body: { role: 'operator' } });
    for (const at of [replica, hub]) expect(await reads(token, '/users', at)).toMatchObject({ status: 403, body: { facts: { role: 'admin' } } });
    await asAdmin('PATCH', `/users/${id}`, { role: 'integrator' });
    for (const at of [replica, hub]) expect(await reads(token, '/clients', at)).toMatchObject({ status: 200 });
  });

  it('is gone at once: the account, which comes back without its sessions', async () => {
    const { id, token } = await newUser(hub, 'viewer', 'off@example.test', PASSWORD);
    expect(await reads(token, '/me', replica)).toMatchObject({ status: 200 });
    expect(await asAdmin('POST', `/users/${id}/disable`)).toMatchObject({ status: 200, body: { state: 'disabled' } });
    for (const at of [replica, hub]) expect(await reads(token, '/me', at)).toMatchObject({ status: 401 });
    const refused = await signIn('off@example.test');
    expect({ ...refused.body, instance: '' }).toEqual({ ...(await signIn('off@example.test', 'a wrong password')).body, instance: '' });
    expect(await asAdmin('POST', `/users/${id}/disable`)).toMatchObject({ status: 200, body: { state: 'disabled' } });
    expect(await asAdmin('POST', `/users/${id}/enable`)).toMatchObject({ status: 200, body: { state: 'active' } });
    expect(await reads(token, '/me', hub)).toMatchObject({ status: 401 });
    expect(await signIn('off@example.test')).toMatchObject({ status: 201 });
  });

  it('is gone at once: the password, with every session', async () => {
    const { id, token } = await newUser(hub, 'viewer', 'reset@example.test', PASSWORD);
    const invitation = (await asAdmin('POST', `/users/${id}/reset`)).body;
    expect(await reads(token, '/me', replica)).toMatchObject({ status: 401 });
    expect(await signIn('reset@example.test')).toMatchObject({ status: 401 });
    expect(await asAdmin('GET', `/users/${id}`)).toMatchObject({ body: { state: 'invited', hasPassword: false } });
    expect(await accept(invitation, 'another password, longer')).toMatchObject({ status: 201 });
    expect(await signIn('reset@example.test', 'another password, longer')).toMatchObject({ status: 201 });
  });

  it('is gone at once: sessions, which an admin sees and ends, and everything of a user who is deleted', async () => {
    const token = await newSession(database, 'viewer');
    const id = await idOf(token);
    expect(await asAdmin('GET', `/users/${id}/sessions`)).toMatchObject({ status: 200, body: { items: [{ current: false }] } });
    expect(await asAdmin('DELETE', `/users/${id}/sessions`)).toMatchObject({ status: 204 });
    expect(await reads(token, '/me', replica)).toMatchObject({ status: 401 });
    const again = await newSession(database, 'viewer');
    const second = await idOf(again);
    expect(await asAdmin('DELETE', `/users/${second}`)).toMatchObject({ status: 204 });
    expect(await reads(again, '/me', replica)).toMatchObject({ status: 401 });
    expect(await asAdmin('GET', `/users/${second}`)).toMatchObject({ status: 404 });
  });
});

describe('the last admin who can sign in', () => {
  let only: TestApp;
  let id: string;
  const asOnly = (method: string, path: string, body?: unknown): Promise<Answer> => only.call(method, `/admin/v1${path}`, body, { token: only.adminToken });

  beforeAll(async () => {
    only = await startTestApp();
    id = (await me(only.adminToken, only)).body.id as string;
    // Neither of these two could open the hub to anybody.
    await asOnly('POST', '/users', { email: 'invited@example.test', role: 'admin' });
    const disabled = (await asOnly('POST', '/users', { email: 'disabled@example.test', role: 'admin' })).body.id as string;
    await asOnly('POST', `/users/${disabled}/disable`);
  });

  afterAll(async () => {
    await only.stop();
  });

  it.each([
    ['demoted', 'PATCH', '', { role: 'integrator' }],
    ['disabled', 'POST', '/disable', undefined],
    ['reset', 'POST', '/reset', undefined],
    ['deleted', 'DELETE', '', undefined],
  ])('cannot be %s, and nothing has changed', async (_name, method, path, body) => {
    expect(await asOnly(method, `/users/${id}${path}`, body)).toMatchObject({ status: 409, body: { code: 'LAST_ADMIN' } });
    expect(await me(only.adminToken, only)).toMatchObject({ status: 200, body: { role: 'admin', state: 'active', hasPassword: true } });
  });

  it('may be renamed, and may go once there is another', async () => {
    expect(await asOnly('PATCH', `/users/${id}`, { name: 'The one', role: 'admin' })).toMatchObject({ status: 200 });
    const other = await newUser(only, 'admin', 'second@example.test', PASSWORD);
    expect(await only.call('PATCH', `/admin/v1/users/${id}`, { role: 'viewer' }, { token: other.token })).toMatchObject({ status: 200, body: { role: 'viewer' } });
    expect(await only.call('DELETE', `/admin/v1/users/${other.id}`, undefined, { token: other.token })).toMatchObject({ status: 409, body: { code: 'LAST_ADMIN' } });
  });
});

describe('the own password', () => {
  it('is changed by whoever knows it; other sessions end, and this one gets a new token', async () => {
    const { token } = await newUser(hub, 'viewer', 'own@example.test', PASSWORD);
    const elsewhere = (await signIn('own@example.test')).body.token as string;
    const change = (body: object, by = token): Promise<Answer> => hub.call('PUT', '/admin/v1/me/password', body, { token: by });
    expect(await change({ currentPassword: 'not this one, surely', newPassword: 'the next password' })).toMatchObject({ status: 403, body: { code: 'PASSWORD_WRONG', errors: [{ pointer: '/currentPassword' }] } });
    expect(await change({ currentPassword: PASSWORD, newPassword: 'short' })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/newPassword' }] } });
    const changed = await change({ currentPassword: PASSWORD, newPassword: 'the next password' });
    expect(changed).toMatchObject({ status: 200, body: { token: expect.stringMatching(/^cds_/) } });
    for (const gone of [token, elsewhere]) expect(await me(gone)).toMatchObject({ status: 401 });
    expect(await me(changed.body.token as string)).toMatchObject({ status: 200 });
    expect(await signIn('own@example.test')).toMatchObject({ status: 401 });
    expect(await signIn('own@example.test', 'the next password')).toMatchObject({ status: 201 });
  });

  it('cannot be guessed at by whoever has found a session open', async () => {
    const { id, token } = await newUser(hub, 'viewer', 'found@example.test', PASSWORD);
    await haveFailed(database, 'own password', id, 3);
    const tries = await Promise.all(Array.from({ length: 4 }, () => hub.call('PUT', '/admin/v1/me/password', { currentPassword: 'a wrong password', newPassword: 'the next password' }, { token })));
    expect(tries.map(({ status }) => status).sort()).toEqual([403, 403, 429, 429]);
    expect(await replica.call('PUT', '/admin/v1/me/password', { currentPassword: PASSWORD, newPassword: 'the next password' }, { token })).toMatchObject({ status: 429 });
  });

  it('is none where the user never set one', async () => {
    const token = await newSession(database, 'viewer');
    expect(await hub.call('PUT', '/admin/v1/me/password', { currentPassword: 'anything', newPassword: 'the next password' }, { token })).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
  });
});

describe('a hub that no admin can sign in to', () => {
  it('is opened again by the statement that the runbook has', async () => {
    const runbook = readFileSync(join(import.meta.dirname, '../../docs/runbooks/lost-access.md'), 'utf8');
    const [, statement = ''] = /```sql\n(with [\s\S]*?)```/.exec(runbook) ?? [];
    const disabled = await invite('forgot@example.test');
    await asAdmin('POST', `/users/${disabled.body.id as string}/disable`);
    for (const [address, token] of [['FORGOT@example.test', 'cdi_made-up-one'], ['unknown@example.test', 'cdi_made-up-two']] as const) {
      await database.execute(statement.replace('<address>', address).replace('<token>', token));
      const session = await accept({ token });
      expect(session).toMatchObject({ status: 201 });
      expect(await me(session.body.token as string)).toMatchObject({ body: { role: 'admin', state: 'active' } });
    }
  });
});

describe('a replica of the version before', () => {
  it('knows active admins and nobody else, and still claims a hub', async () => {
    const seen = async (): Promise<string[]> => (await database.query<{ email: string }>('select id, email, password_hash from governance.admin_user')).map(({ email }) => email);
    const before = await seen();
    const [viewer, off, admin] = [await newSession(database, 'viewer'), await newSession(database, 'admin'), await newSession(database, 'admin')];
    await asAdmin('POST', `/users/${await idOf(off)}/disable`);
    expect((await seen()).filter((email) => !before.includes(email))).toEqual([(await me(admin)).body.email]);
    expect((await me(viewer)).body.role).toBe('viewer');
    const [made] = await database.query<{ id: string }>(`insert into governance.admin_user (email, password_hash) values ('first@example.test', 'scrypt$x') returning id`);
    expect(await asAdmin('GET', `/users/${made?.id}`)).toMatchObject({ body: { role: 'admin', state: 'active' } });
  });
});
