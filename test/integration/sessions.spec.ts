import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sessions } from '../../src/core/governance/session/sessions.js';
import { Tries } from '../../src/core/governance/session/tries.js';
import { Database } from '../../src/core/persistence/database.js';
import { haveFailed, newSession, newUser } from '../support/access/people.js';
import { startTestApp, TEST_ADMIN, type Answer, type TestApp } from '../support/app.js';

const PASSWORD = 'a password of some length';
const ORIGIN = { begunBy: 'password', address: '192.0.2.1', userAgent: undefined } as const;

interface Listed {
  readonly id: string;
  readonly current: boolean;
}

let hub: TestApp;
/** Another process on the same database. */
let replica: TestApp;
let database: Database;

beforeAll(async () => {
  hub = await startTestApp([], { trustedProxies: ['127.0.0.0/8'] });
  replica = await startTestApp([], { databaseUrl: hub.databaseUrl }, {}, { claimed: false });
  database = hub.app.get(Database);
});

afterAll(async () => {
  await replica.stop();
  await hub.stop();
});

const as = (token: string, method: string, path: string): Promise<Answer> => hub.call(method, `/admin/v1${path}`, undefined, { token });
const works = async (token: string, at = hub): Promise<boolean> => (await at.call('GET', '/admin/v1/me', undefined, { token })).status === 200;
const listed = async (token: string): Promise<Listed[]> => (await as(token, 'GET', '/sessions')).body.items as Listed[];
const begin = async (userId: string): Promise<string> => (await hub.app.get(Sessions).begin(userId, ORIGIN)).token;
const person = async (): Promise<{ userId: string; token: string }> => {
  const token = await newSession(database, 'viewer');
  return { token, userId: (await as(token, 'GET', '/me')).body.id as string };
};

describe('the sessions of a user', () => {
  it('are listed with where they came from, and without their tokens', async () => {
    const { token: first } = await newUser(hub, 'viewer', 'list@example.test', PASSWORD);
    const second = await hub.call('POST', '/admin/v1/sessions', { email: 'list@example.test', password: PASSWORD }, { headers: { 'user-agent': 'x'.repeat(900), 'x-forwarded-for': '198.51.100.9, 203.0.113.5' } });
    const answer = await as(second.body.token as string, 'GET', '/sessions');
    expect(answer.body.items).toMatchObject([
      { begunBy: 'password', address: '203.0.113.5', userAgent: 'x'.repeat(300), current: true },
      { begunBy: 'invitation', address: '127.0.0.1', current: false },
    ]);
    for (const token of [first, second.body.token as string]) expect(answer.text).not.toContain(token);
  });

  it('are ended one by one, this one too, and none of anybody else', async () => {
    const { userId, token } = await person();
    const [other, third, stranger] = [await begin(userId), await begin(userId), await newSession(database, 'admin')];
    const [theirs] = await listed(stranger);
    const [mine] = (await listed(third)).filter(({ current }) => current);
    expect(await as(token, 'DELETE', `/sessions/${mine?.id}`)).toMatchObject({ status: 204 });
    for (const id of [mine?.id, theirs?.id, 'x']) expect(await as(token, 'DELETE', `/sessions/${id}`)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect([await works(token), await works(other), await works(third), await works(stranger)]).toEqual([true, true, false, true]);
    expect(await as(token, 'DELETE', '/sessions/current')).toMatchObject({ status: 204 });
    expect([await works(token), await works(other)]).toEqual([false, true]);
  });

  it('are ended together, with or without this one, at once in every process', async () => {
    const { userId, token } = await person();
    const others = [await begin(userId), await begin(userId)];
    expect(await works(others[0] as string, replica)).toBe(true);
    expect(await as(token, 'DELETE', '/sessions?keepCurrent=true')).toMatchObject({ status: 204 });
    expect([await works(token), await works(others[0] as string, replica), await works(others[1] as string)]).toEqual([true, false, false]);
    expect(await as(token, 'DELETE', '/sessions?keepCurrent=perhaps')).toMatchObject({ status: 422, body: { errors: [{ pointer: '?keepCurrent' }] } });
    expect(await as(token, 'DELETE', '/sessions')).toMatchObject({ status: 204 });
    expect(await works(token, replica)).toBe(false);
  });

  it('get a new token when they are rotated, and no longer life', async () => {
    const { token } = await person();
    const [before] = await listed(token);
    const rotated = await as(token, 'POST', '/sessions/current/rotate');
    expect(rotated).toMatchObject({ status: 200, body: { token: expect.stringMatching(/^cds_[\w-]{43}$/) } });
    expect(await works(token, replica)).toBe(false);
    expect(await listed(rotated.body.token as string)).toMatchObject([{ ...before, lastSeenAt: expect.any(String) }]);
  });

  it('are twenty-five at most: one more ends the least used', async () => {
    const { userId, token } = await person();
    const later: string[] = [];
    for (let index = 0; index < 25; index += 1) later.push(await begin(userId));
    expect([await works(token), await works(later[0] as string)]).toEqual([false, true]);
    expect(await listed(later[24] as string)).toHaveLength(25);
  });
});

describe('a session', () => {
  it('is not begun by a password that was changed while it was being checked', async () => {
    const { userId } = await person();
    await database.execute(`update governance.user_account set password_hash = 'the new one' where id = $1`, [userId]);
    await expect(hub.app.get(Sessions).begin(userId, ORIGIN, 'the old one')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(hub.app.get(Sessions).begin(userId, ORIGIN, 'the new one')).resolves.toMatchObject({ token: expect.any(String) });
  });

  it('that is begun while the account is being disabled waits, and is none', async () => {
    const { userId } = await person();
    let begun: Promise<unknown> = Promise.resolve();
    await database.transaction(async (tx) => {
      await tx.execute('update governance.user_account set disabled_at = now() where id = $1', [userId]);
      begun = hub.app.get(Sessions).begin(userId, ORIGIN).then(() => 'begun', (error: { code: string }) => error.code);
      await expect.poll(async () => (await database.query(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).length, { timeout: 20_000 }).toBe(1);
    });
    expect(await begun).toBe('UNAUTHENTICATED');
    expect(await database.query('select 1 from governance.admin_session where user_id = $1 and created_at > now() - interval \'1 minute\' and begun_by = \'password\' and address is not null', [userId])).toEqual([]);
  });
});

describe('passwords are guessed at', () => {
  const guess = (at: TestApp, email: string, from = '203.0.113.7', password = 'a wrong password'): Promise<Answer> =>
    at.call('POST', '/admin/v1/sessions', { email, password }, { headers: { 'x-forwarded-for': from } });
  const statuses = (answers: readonly Answer[]): number[] => answers.map(({ status }) => status).sort();

  it('five times, however many processes are asked', async () => {
    await replica.stop();
    replica = await startTestApp([], { databaseUrl: hub.databaseUrl, trustedProxies: ['127.0.0.1'] }, {}, { claimed: false });
    await haveFailed(database, 'sign-in by account and address', 'spread@example.test 203.0.113.7', 3);
    const answers = await Promise.all([guess(hub, 'spread@example.test'), guess(replica, 'Spread@example.test'), guess(hub, 'spread@example.test'), guess(replica, 'spread@example.test')]);
    expect(statuses(answers)).toEqual([401, 401, 429, 429]);
    expect(Number((await guess(hub, 'spread@example.test')).headers['retry-after'])).toBeGreaterThan(800);
  });

  it('from one place in vain, and the owner still comes in from another', async () => {
    await haveFailed(database, 'sign-in by account and address', `${TEST_ADMIN.email} 203.0.113.8`, 5);
    for (let more = 0; more < 101; more += 1) expect(await guess(hub, TEST_ADMIN.email, '203.0.113.8', TEST_ADMIN.password)).toMatchObject({ status: 429 });
    expect(await guess(hub, TEST_ADMIN.email, '203.0.113.9', TEST_ADMIN.password)).toMatchObject({ status: 201 });
  });

  it('from one network, where IPv6 gives everybody a network', async () => {
    await haveFailed(database, 'sign-in by account and address', 'six@example.test 2001:db8:1:2::/64', 4);
    expect(statuses([await guess(hub, 'six@example.test', '2001:db8:1:2::1'), await guess(hub, 'six@example.test', '2001:db8:1:2:3::2')])).toEqual([401, 429]);
    expect(await guess(hub, 'six@example.test', '2001:db8:1:3::1')).toMatchObject({ status: 401 });
  });

  it('too often from one address, or at one account from everywhere', async () => {
    await haveFailed(database, 'sign-in by address', '203.0.113.20', 49);
    expect(statuses([await guess(hub, 'a@example.test', '203.0.113.20'), await guess(hub, 'b@example.test', '203.0.113.20')])).toEqual([401, 429]);
    await haveFailed(database, 'sign-in by account', 'everywhere@example.test', 99);
    expect(statuses([await guess(hub, 'everywhere@example.test', '203.0.113.21'), await guess(hub, 'everywhere@example.test', '203.0.113.22')])).toEqual([401, 429]);
  });

  it('in vain by an address that is only claimed', async () => {
    const strict = await startTestApp([], { databaseUrl: hub.databaseUrl }, {}, { claimed: false });
    await haveFailed(database, 'sign-in by account and address', 'claimed@example.test 127.0.0.1', 4);
    expect(statuses([await guess(strict, 'claimed@example.test', '198.51.100.1'), await guess(strict, 'claimed@example.test', '198.51.100.2')])).toEqual([401, 429]);
    await strict.stop();
  });

  it('by somebody whose try could not be judged: it is no failure', async () => {
    const tries = hub.app.get(Tries);
    const counted = { limit: { name: 'a test', most: 1, windowSeconds: 60 }, of: 'somebody' };
    await tries.begin(counted);
    await expect(tries.judge(() => Promise.reject(new Error('too much to do')), counted)).rejects.toThrow('too much to do');
    await tries.begin(counted);
    await expect(tries.begin(counted)).rejects.toMatchObject({ code: 'TOO_MANY_ATTEMPTS' });
  });

  it('and what people typed where an address belongs is not stored readably', async () => {
    await guess(hub, 'hunter2@example.test');
    expect(JSON.stringify(await database.query(`select encode(key, 'escape') as key from governance.failed_try`))).not.toContain('hunter2');
  });
});
