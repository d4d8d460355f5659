import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RequireScope } from '../../src/core/governance/access.js';
import { ClientKeys } from '../../src/core/governance/client/client-keys.js';
import { CallMeter } from '../../src/core/governance/client/limits/call-meter.js';
import { Database } from '../../src/core/persistence/database.js';
import { Controller, Get } from '@nestjs/common';
import { startTestApp, type Answer, type TestApp } from '../support/app.js';

@Controller('api/v1/probe')
class ProbeController {
  @Get()
  @RequireScope('stock:read')
  probe(): { done: true } {
    return { done: true };
  }
}

/** Two replicas on one database. */
let here: TestApp;
let there: TestApp;

beforeAll(async () => {
  here = await startTestApp([], {}, { controllers: [ProbeController] });
  there = await startTestApp([], { databaseUrl: here.databaseUrl }, { controllers: [ProbeController] }, { claimed: false });
});

afterAll(async () => {
  await there.stop();
  await here.stop();
});

const admin = (method: string, path: string, body?: unknown): Promise<Answer> => here.call(method, `/admin/v1/clients${path}`, body, { token: here.adminToken });
const probe = (hub: TestApp, token: string): Promise<Answer> => hub.call('GET', '/api/v1/probe', undefined, { token });

async function newClient(limits?: object): Promise<{ id: string; key: string; keyId: string; sourceId: number }> {
  const made = await admin('POST', '', { name: 'client', scopes: ['stock:read'], limits });
  expect(made.status).toBe(201);
  await there.app.get(ClientKeys).refresh();
  return made.body as { id: string; key: string; keyId: string; sourceId: number };
}

const statuses = async (calls: readonly Promise<Answer>[]): Promise<Record<number, number>> => {
  const counted: Record<number, number> = {};
  for (const { status } of await Promise.all(calls)) counted[status] = (counted[status] ?? 0) + 1;
  return counted;
};

describe('the keys of a client', () => {
  it('are several, each with a name, an end and its last use, and end one by one', async () => {
    const { id, key, keyId } = await newClient();
    const second = await admin('POST', `/${id}/keys`, { name: 'till 7', expiresAt: '2999-01-01T00:00:00Z' });
    expect(second).toMatchObject({ status: 201, body: { name: 'till 7', expiresAt: '2999-01-01T00:00:00.000Z', lastUsedAt: null, key: expect.stringMatching(new RegExp(`^cdk_${id}_`)) } });
    expect([(await probe(here, key)).status, (await probe(here, second.body.key as string)).status]).toEqual([200, 200]);
    await here.app.get(CallMeter).settle();
    const listed = await admin('GET', `/${id}/keys`);
    expect(listed.body.items).toMatchObject([{ id: second.body.id, lastUsedAt: expect.any(String) }, { id: keyId, name: null, expiresAt: null, lastUsedAt: expect.any(String) }]);
    expect(listed.text).not.toContain('cdk_');
    expect((await admin('GET', `/${id}`)).body.lastUsedAt).toEqual(expect.any(String));
    expect((await admin('DELETE', `/${id}/keys/${keyId}`)).status).toBe(204);
    expect([(await probe(here, key)).status, (await probe(here, second.body.key as string)).status]).toEqual([401, 200]);
    expect((await admin('DELETE', `/${id}/keys/${keyId}`)).status).toBe(404);
    expect((await admin('DELETE', `/${id}/keys/x`)).status).toBe(404);
  });

  it('end at their time', async () => {
    const { id } = await newClient();
    const soon = await admin('POST', `/${id}/keys`, { expiresAt: new Date(Date.now() + 1_500).toISOString() });
    expect((await probe(here, soon.body.key as string)).status).toBe(200);
    await expect.poll(async () => (await probe(here, soon.body.key as string)).status, { timeout: 5_000 }).toBe(401);
    expect((await admin('GET', `/${id}/keys`)).body.items).toHaveLength(1);
  });

  it.each([['expiresAt', '2001-01-01T00:00:00Z'], ['expiresAt', '2026-W48-3'], ['expiresAt', '2999-02-30T00:00:00Z'], ['expiresAt', 'soon'], ['expiresAt', 7], ['name', '']])('are refused with %s %s', async (field, value) => {
    const { id } = await newClient();
    expect(await admin('POST', `/${id}/keys`, { [field]: value })).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED', errors: [{ pointer: `/${field}` }] } });
  });

  it('are twenty at most', async () => {
    const { id } = await newClient();
    const added = await Promise.all(Array.from({ length: 25 }, () => admin('POST', `/${id}/keys`, {})));
    expect(added.filter(({ status }) => status === 201)).toHaveLength(19);
    expect(added.filter(({ status }) => status === 409)).toHaveLength(6);
  });
});

describe('a client', () => {
  it('that is disabled is refused everywhere until it is enabled, with the keys that it had', async () => {
    const { id, key } = await newClient();
    expect([(await probe(here, key)).status, (await probe(there, key)).status]).toEqual([200, 200]);
    expect(await admin('POST', `/${id}/disable`)).toMatchObject({ status: 200, body: { state: 'disabled', disabledAt: expect.any(String), revokedAt: null } });
    expect((await probe(here, key)).status).toBe(401);
    await expect.poll(async () => (await probe(there, key)).status, { timeout: 5_000 }).toBe(401);
    expect(await admin('POST', `/${id}/enable`)).toMatchObject({ status: 200, body: { state: 'active', disabledAt: null } });
    expect((await probe(here, key)).status).toBe(200);
  });

  it('that is revoked cannot be enabled, changed or given a key', async () => {
    const { id } = await newClient();
    await admin('POST', `/${id}/disable`);
    expect(await admin('DELETE', `/${id}`)).toMatchObject({ status: 200, body: { state: 'revoked', disabledAt: null, revokedAt: expect.any(String) } });
    for (const [method, path] of [['POST', '/enable'], ['POST', '/disable'], ['POST', '/keys'], ['PATCH', '']] as const) expect(await admin(method, `/${id}${path}`, {})).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    expect((await admin('GET', `/${id}/keys`)).body.items).toEqual([]);
  });

  it('that loses a scope loses it with every key', async () => {
    const { id, key } = await newClient();
    expect((await admin('PATCH', `/${id}`, { scopes: ['catalog:read'], name: ' renamed ' })).body).toMatchObject({ name: 'renamed', scopes: ['catalog:read'] });
    expect(await probe(here, key)).toMatchObject({ status: 403, body: { facts: { scopes: ['stock:read'] } } });
  });

  it('is found by state, scope and a part of its name', async () => {
    const { id } = (await admin('POST', '', { name: 'Warehouse robot 9', scopes: ['reservations:write'] })).body as { id: string };
    const found = async (query: string): Promise<unknown[]> => ((await admin('GET', `?${query}`)).body.items as { id: string }[]).map((client) => client.id);
    expect(await found('name=ROBOT&scope=reservations:write&state=active')).toEqual([id]);
    expect(await found('name=robot&state=disabled')).toEqual([]);
    expect(await found('name=%25')).toEqual([]);
    expect(await admin('GET', '?state=gone')).toMatchObject({ status: 422, body: { errors: [{ pointer: '?state' }] } });
  });

  it.each([[{ ratePerSecond: 0 }, '/limits/ratePerSecond'], [{ ratePerSecond: 1, burst: 1.5 }, '/limits/burst'], [{ perDay: -1 }, '/limits/perDay'], [{ perYear: 1 }, '/limits/perYear'], [{ perMonth: '7' }, '/limits/perMonth']])('is refused with limits %j', async (limits, pointer) => {
    expect(await admin('POST', '', { name: 'x', scopes: ['stock:read'], limits })).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
  });
});

it('takes no list, text or number for the limits of a client', async () => {
  const { id } = await newClient();
  for (const limits of [[], [[]], [{ perDay: 1 }], 'x', 7, null, true]) {
    const refusal = { status: 422, body: { code: 'VALIDATION_FAILED', errors: [{ pointer: '/limits' }] } };
    expect([limits, await admin('POST', '', { name: 'x', scopes: ['stock:read'], limits })]).toMatchObject([limits, refusal]);
    expect([limits, await admin('PATCH', `/${id}`, { limits })]).toMatchObject([limits, refusal]);
  }
});

describe('the limits of a client', () => {
  it('let its burst through and not one call more, over two replicas, and tell when to come again', async () => {
    const { key } = await newClient({ ratePerSecond: 0.05, burst: 30 });
    const counted = await statuses(Array.from({ length: 100 }, (_, index) => probe(index % 2 ? here : there, key)));
    expect(counted).toEqual({ 200: 30, 429: 70 });
    const refused = await probe(here, key);
    expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED', facts: { ratePerSecond: 0.05, burst: 30 } }, headers: { 'ratelimit-limit': '30', 'ratelimit-remaining': '0', 'ratelimit-policy': '30;w=600' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(10);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(20);
  });

  it('give again what time fills up', async () => {
    const { key } = await newClient({ ratePerSecond: 2, burst: 1 });
    expect((await probe(here, key)).status).toBe(200);
    await expect.poll(async () => (await probe(there, key)).status, { timeout: 5_000 }).toBe(200);
  });

  it('tell on every answer how much is left', async () => {
    const { key } = await newClient({ ratePerSecond: 0.01, burst: 10 });
    const left = [await probe(here, key), await probe(here, key), await probe(here, key)].map(({ headers }) => headers['ratelimit-remaining']);
    expect(left).toEqual(['9', '8', '7']);
  });

  it.each([['perDay', 'day', 86_400], ['perMonth', 'month', 31 * 86_400]] as const)('end the calls of a %s quota exactly, over two replicas', async (name, period, longest) => {
    const { id, key } = await newClient({ [name]: 25 });
    expect(await statuses(Array.from({ length: 60 }, (_, index) => probe(index % 2 ? here : there, key)))).toEqual({ 200: 25, 429: 35 });
    const refused = await probe(here, key);
    expect(refused).toMatchObject({ status: 429, body: { code: 'QUOTA_EXCEEDED', facts: { [name]: 25 } }, headers: { 'ratelimit-limit': '25', 'ratelimit-remaining': '0' } });
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(longest);
    expect((await admin('GET', `/${id}/usage`)).body).toMatchObject({ [period]: { calls: 25, quota: 25, endsAt: expect.stringMatching(/T00:00:00.000Z$/) } });
    expect((await admin('PATCH', `/${id}`, { limits: { [name]: 26 } })).status).toBe(200);
    expect([(await probe(here, key)).status, (await probe(here, key)).status]).toEqual([200, 429]);
  });

  it('begin anew with a new day', async () => {
    const { key, sourceId } = await newClient({ perDay: 1 });
    expect([(await probe(here, key)).status, (await probe(here, key)).status]).toEqual([200, 429]);
    await here.app.get(Database).execute(`update governance.client_calls set day = day - 1, filled_at = filled_at - interval '1 day' where client_source_id = $1`, [sourceId]);
    await expect.poll(async () => (await probe(here, key)).status, { timeout: 5_000 }).toBe(200);
    expect((await probe(here, key)).status).toBe(429);
  });

  it('are counted for clients without limits, too, in one statement for many calls', async () => {
    const { id, key } = await newClient();
    const database = here.app.get(Database);
    await here.app.get(CallMeter).settle();
    const query = database.query.bind(database);
    const asked: string[] = [];
    database.query = (sql: string, parameters?: readonly unknown[]) => {
      asked.push(sql);
      return query(sql, parameters) as never;
    };
    for (let index = 0; index < 300; index += 1) await probe(here, key);
    database.query = query;
    expect(asked.filter((sql) => sql.includes('calls')).length).toBeLessThan(3);
    for (let index = 0; index < 5; index += 1) await probe(there, key);
    await there.app.get(CallMeter).settle();
    expect((await admin('GET', `/${id}/usage`)).body).toMatchObject({ day: { calls: 305, quota: null }, month: { calls: 305, quota: null } });
  });

  it('get back what a replica borrowed and did not use', async () => {
    const { id, key } = await newClient({ ratePerSecond: 100, burst: 100, perDay: 100_000 });
    expect((await probe(here, key)).status).toBe(200);
    const calls = async (): Promise<unknown> => ((await admin('GET', `/${id}/usage`)).body.day as { calls: number }).calls;
    expect(await calls()).toBeGreaterThan(1);
    await expect.poll(calls, { timeout: 5_000, interval: 500 }).toBe(1);
  });
});
