import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SetupService } from '../../src/core/governance/setup/setup.service.js';
import { Tries } from '../../src/core/governance/session/tries.js';
import { Database } from '../../src/core/persistence/database.js';
import { startTestApp, TEST_ADMIN, type TestApp } from '../support/app.js';

let hub: TestApp;

beforeAll(async () => {
  hub = await startTestApp([], { setupToken: 'a-preset-setup-token' }, {}, { claimed: false });
});

afterAll(async () => {
  await hub.stop();
});

const claim = (token: string, email = 'someone@example.test') => hub.call('POST', '/admin/v1/setup', { token, email, password: 'correct horse battery' });

describe('claiming a fresh hub', () => {
  it('refuses a wrong token', async () => {
    expect(await claim('not the token at all')).toMatchObject({ status: 401, body: { code: 'SETUP_TOKEN_INVALID' } });
  });

  it('refuses a weak password and an address that is none, with pointers', async () => {
    const answer = await hub.call('POST', '/admin/v1/setup', { token: 'x', email: 'nobody', password: 'short', more: 1 });
    expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
    expect((answer.body.errors as { pointer: string }[]).map((error) => error.pointer).sort()).toEqual(['/email', '/more', '/password']);
  });

  it('makes exactly one admin of many claims at once, by a token of any of its processes', async () => {
    const printed = await hub.app.get(SetupService).pendingToken();
    expect(printed).toBe('a-preset-setup-token');
    const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => claim('a-preset-setup-token', `admin${index}@example.test`)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect(await hub.app.get(Database).query('select email from governance.user_account')).toHaveLength(1);
  });

  it('is over afterwards: no token is printed and none works', async () => {
    expect(await hub.app.get(SetupService).pendingToken()).toBeUndefined();
    expect(await claim('a-preset-setup-token')).toMatchObject({ status: 409, body: { code: 'ALREADY_SET_UP' } });
  });
});

describe('setup tokens', () => {
  it('of every start and every replica work until the hub is claimed, and none is stored readably', async () => {
    const fresh = await startTestApp([], {}, {}, { claimed: false });
    const database = fresh.app.get(Database);
    const first = await new SetupService(database, new Tries(database), { setupToken: undefined } as never).pendingToken();
    const second = await new SetupService(database, new Tries(database), { setupToken: undefined } as never).pendingToken();
    expect(first).not.toBe(second);
    const stored = JSON.stringify(await database.query('select encode(token_hash, \'escape\') as hash from governance.setup_token'));
    expect(stored).not.toContain(first);
    expect(await fresh.call('POST', '/admin/v1/setup', { token: first, email: 'a@example.test', password: 'correct horse battery' })).toMatchObject({ status: 201 });
    await fresh.stop();
  });

  it('cannot be guessed at: after ten wrong ones the address has to wait', async () => {
    const fresh = await startTestApp([], {}, {}, { claimed: false });
    const tries = await Promise.all(Array.from({ length: 12 }, () => fresh.call('POST', '/admin/v1/setup', { token: 'wrong', email: 'a@example.test', password: 'correct horse battery' })));
    expect(tries.map((answer) => answer.status).sort()).toEqual([...Array<number>(10).fill(401), 429, 429]);
    expect(Number(tries.find((answer) => answer.status === 429)?.headers['retry-after'])).toBeGreaterThan(0);
    await fresh.stop();
  });
});

describe('with an admin', () => {
  let other: TestApp;

  beforeAll(async () => {
    other = await startTestApp();
  });

  afterAll(async () => {
    await other.stop();
  });

  const login = (email: string, password: string) => other.call('POST', '/admin/v1/sessions', { email, password });

  it('a session lets the admin in until it is ended', async () => {
    const session = await login(TEST_ADMIN.email.toUpperCase(), TEST_ADMIN.password);
    expect(session.status).toBe(201);
    const token = session.body.token as string;
    expect(new Date(session.body.expiresAt as string).getTime()).toBeGreaterThan(Date.now() + 11 * 3_600_000);
    expect(await other.call('GET', '/admin/v1/clients', undefined, { token })).toMatchObject({ status: 200 });
    expect(await other.call('DELETE', '/admin/v1/sessions/current', undefined, { token })).toMatchObject({ status: 204 });
    expect(await other.call('GET', '/admin/v1/clients', undefined, { token })).toMatchObject({ status: 401 });
    expect(await other.call('GET', '/admin/v1/clients', undefined, { token: other.adminToken })).toMatchObject({ status: 200 });
  });

  it('a session that was not used for two hours, or is too old, is over', async () => {
    const database = other.app.get(Database);
    for (const age of ["last_seen_at = now() - interval '2 hours 1 second'", "expires_at = now() - interval '1 second'"]) {
      const token = (await login(TEST_ADMIN.email, TEST_ADMIN.password)).body.token as string;
      await database.execute(`update governance.admin_session set ${age} where created_at = (select max(created_at) from governance.admin_session)`);
      expect(await other.call('GET', '/admin/v1/clients', undefined, { token })).toMatchObject({ status: 401 });
    }
  });

  it('neither passwords nor tokens are stored readably', async () => {
    const stored = JSON.stringify(await other.app.get(Database).query('select u.password_hash, encode(s.token_hash, \'escape\') as hash from governance.user_account u, governance.admin_session s'));
    expect(stored).toContain('scrypt$');
    expect(stored).not.toContain(TEST_ADMIN.password);
    expect(stored).not.toContain(other.adminToken);
  });

  it('an unknown account is refused as a wrong password is: same answer, and about the same time', async () => {
    const timed = async (email: string): Promise<{ ms: number; body: Record<string, unknown> }> => {
      const start = performance.now();
      const { body } = await login(email, 'a wrong password');
      return { ms: performance.now() - start, body };
    };
    const known: Awaited<ReturnType<typeof timed>>[] = [];
    const unknown: Awaited<ReturnType<typeof timed>>[] = [];
    for (let round = 0; round < 3; round += 1) {
      known.push(await timed(TEST_ADMIN.email));
      unknown.push(await timed('nobody@example.test'));
    }
    expect({ ...known[0]?.body, instance: '' }).toEqual({ ...unknown[0]?.body, instance: '' });
    // A look-up alone answers in about 2 ms; the password hash takes some 100 ms.
    expect(Math.min(...unknown.map((answer) => answer.ms))).toBeGreaterThan(Math.min(...known.map((answer) => answer.ms)) / 5);
  });

  it('passwords cannot be guessed at: five tries per account and address', async () => {
    const tries = await Promise.all(Array.from({ length: 7 }, () => login('victim@example.test', 'a wrong password')));
    expect(tries.map((answer) => answer.status).sort()).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect(tries.find((answer) => answer.status === 429)).toMatchObject({ body: { code: 'TOO_MANY_ATTEMPTS' }, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } });
  });
});

describe('an API client', () => {
  let other: TestApp;
  const admin = (method: string, path: string, body?: unknown) => other.call(method, path, body, { token: other.adminToken });
  const works = async (key: string): Promise<boolean> => (await other.call('GET', '/admin/v1/clients', undefined, { token: key })).status === 403;

  beforeAll(async () => {
    other = await startTestApp();
  });

  afterAll(async () => {
    await other.stop();
  });

  it('is made with a key that is shown once and stored as a hash', async () => {
    const made = await admin('POST', '/admin/v1/clients', { name: '  till 7 ', scopes: ['stock:write', 'stock:write', 'stock:read'] });
    expect(made).toMatchObject({ status: 201, body: { name: 'till 7', scopes: ['stock:write', 'stock:read'], key: expect.stringMatching(/^cdk_[a-z2-7]{12}_[\w-]{43}$/), sourceId: expect.any(Number) } });
    const read = await admin('GET', `/admin/v1/clients/${made.body.id as string}`);
    expect(read.status).toBe(200);
    expect(read.text).not.toContain('key');
    const secret = (made.body.key as string).slice(17);
    expect(JSON.stringify(await other.app.get(Database).query('select encode(secret_hash, \'escape\') as hash from governance.api_key'))).not.toContain(secret);
  });

  it('is refused with scopes that do not exist, or none', async () => {
    for (const scopes of [['stock:everything'], [], 'stock:read', undefined]) expect(await admin('POST', '/admin/v1/clients', { name: 'x', scopes })).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
  });

  it('is listed by pages', async () => {
    for (let index = 0; index < 4; index += 1) await admin('POST', '/admin/v1/clients', { name: `page ${index}`, scopes: ['stock:read'] });
    const seen: string[] = [];
    let after: string | null = '';
    while (after !== null) {
      const page = await admin('GET', `/admin/v1/clients?limit=2&after=${after}`);
      expect(page.status).toBe(200);
      seen.push(...(page.body.items as { id: string }[]).map((client) => client.id));
      after = page.body.next as string | null;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBeGreaterThanOrEqual(4);
    for (const query of ['limit=0', 'limit=501', 'limit=x', 'after=1&after=2', 'sort=name']) expect(await admin('GET', `/admin/v1/clients?${query}`)).toMatchObject({ status: 422, body: { errors: [{ pointer: expect.stringMatching(/^\?/) }] } });
  });

  it('is locked out the moment it is revoked, and repeating that changes nothing', async () => {
    const { key, id } = (await admin('POST', '/admin/v1/clients', { name: 'soon gone', scopes: ['stock:read'] })).body as { key: string; id: string };
    expect(await works(key)).toBe(true);
    const revoked = await admin('DELETE', `/admin/v1/clients/${id}`);
    expect(revoked).toMatchObject({ status: 200, body: { revokedAt: expect.any(String) } });
    expect(await works(key)).toBe(false);
    expect((await admin('DELETE', `/admin/v1/clients/${id}`)).body.revokedAt).toBe(revoked.body.revokedAt);
    expect(await admin('POST', `/admin/v1/clients/${id}/rotate`, {})).toMatchObject({ status: 409 });
    expect(await admin('DELETE', '/admin/v1/clients/unknown')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

  it('keeps its old key for the overlap when it gets a new one', async () => {
    const { key, id } = (await admin('POST', '/admin/v1/clients', { name: 'rotating', scopes: ['stock:read'] })).body as { key: string; id: string };
    const second = (await admin('POST', `/admin/v1/clients/${id}/rotate`, { overlapSeconds: 4 })).body.key as string;
    expect([await works(key), await works(second)]).toEqual([true, true]);
    await new Promise((resolve) => setTimeout(resolve, 4_050));
    expect([await works(key), await works(second)]).toEqual([false, true]);
    const third = (await admin('POST', `/admin/v1/clients/${id}/rotate`, { overlapSeconds: 0 })).body.key as string;
    expect([await works(second), await works(third)]).toEqual([false, true]);
  });

  it('that another replica revokes is locked out here within five seconds', async () => {
    const database = other.app.get(Database);
    const { key, id } = (await admin('POST', '/admin/v1/clients', { name: 'elsewhere', scopes: ['stock:read'] })).body as { key: string; id: string };
    expect(await works(key)).toBe(true);
    await database.execute('update governance.api_client set revoked_at = now() where id = $1', [id]);
    await database.execute('update governance.access_version set version = version + 1');
    const start = performance.now();
    for (;;) {
      const begun = performance.now();
      if (!(await works(key))) break;
      expect(begun - start).toBeLessThan(5_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  it('costs the database nothing while the copy of the keys is fresh', async () => {
    const key = await other.client('stock:read');
    const database = other.app.get(Database);
    const asked: string[] = [];
    const query = database.query.bind(database);
    database.query = (sql: string, parameters?: readonly unknown[]) => {
      asked.push(sql);
      return query(sql, parameters) as never;
    };
    for (let index = 0; index < 200; index += 1) await works(key);
    database.query = query;
    // The copy is looked after every two seconds, however many ask.
    expect(asked.length).toBeLessThan(20);
  });
});
