import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Audit } from '../../src/core/audit/audit.js';
import { Database } from '../../src/core/persistence/database.js';
import { ACCESS } from '../support/access/table.js';
import { startWholeApp, type WholeApp } from '../support/whole-app.js';

const CANARY = 'canary-7f3a9c';
const SECRETS = { password: CANARY, currentPassword: CANARY, newPassword: CANARY, token: CANARY, credentials: { accessToken: CANARY }, clientSecret: CANARY, email: 'somebody@example.test' };

let hub: WholeApp;
let database: Database;
let audit: Audit;

beforeAll(async () => {
  hub = await startWholeApp();
  database = hub.app.get(Database);
  audit = hub.app.get(Audit, { strict: false });
});

afterAll(async () => {
  await hub.stop();
});

const last = async (): Promise<number> => (await audit.verify()).head.seq;
const writes = [...ACCESS].filter(([route]) => / \/admin\//.test(route) && !route.startsWith('GET ')).map(([route]) => route);

async function call(route: string, token?: string, payload: object = SECRETS): Promise<number> {
  const [method, url = ''] = route.split(' ');
  const response = await hub.app.inject({ method: method as 'POST', url: url.replaceAll(/:\w+/g, 'x'), payload, headers: token ? { authorization: `Bearer ${token}` } : {} });
  return response.statusCode;
}

it('leaves exactly one entry for every write of the admin side, whoever tries it, and no secret in any', async () => {
  expect(writes.length).toBeGreaterThan(40);
  const callers: [string, () => Promise<string | undefined>][] = [['nobody', async () => undefined], ['a viewer', () => hub.session('viewer')], ['a client', async () => hub.masterKey], ['an admin', () => hub.session('admin')]];
  for (const route of writes) {
    for (const [who, token] of callers) {
      const before = await last();
      const status = await call(route, await token());
      expect([route, who, (await last()) - before]).toEqual([route, who, 1]);
      expect((await audit.list({}, 1, {})).items[0]).toMatchObject({ seq: before + 1, action: route, status, correlationId: expect.any(String), address: '127.0.0.1' });
    }
  }
  expect(await database.query('select content from audit.begun')).toEqual([]);
  const text = JSON.stringify(await database.query('select content from audit.entry'));
  expect(text).not.toContain(CANARY);
  expect(text).not.toMatch(/cd[a-z]_[A-Za-z0-9_-]{20}/);
  expect(await audit.verify()).toMatchObject({ intact: true });
});

it('tells who did what, and is read by admins alone', async () => {
  const made = await hub.app.inject({ method: 'POST', url: '/admin/v1/clients', payload: { name: 'audited', scopes: ['stock:read'] }, headers: { authorization: `Bearer ${hub.adminToken}`, 'user-agent': 'a test', 'x-correlation-id': 'audited-1' } });
  expect(made.statusCode).toBe(201);
  const asked = (query: string, token = hub.adminToken) => hub.app.inject({ url: `/admin/v1/audit?${query}`, headers: { authorization: `Bearer ${token}` } });
  const { items } = (await asked('limit=1&actor=admin%40example.test&action=POST%20%2Fadmin%2Fv1%2Fclients&object=%2Fadmin%2Fv1%2Fclients&from=2020-01-01T00:00:00Z')).json() as { items: object[] };
  expect(items).toMatchObject([{ actor: { kind: 'user', name: 'admin@example.test', role: 'admin' }, userAgent: 'a test', correlationId: 'audited-1', status: 201, change: { name: 'audited', scopes: ['stock:read'] } }]);
  expect((await asked('actor=nobody-there')).json()).toEqual({ items: [], next: null });
  expect((await asked('', await hub.session('integrator'))).statusCode).toBe(403);
  const exported = await hub.app.inject({ url: '/admin/v1/audit/export', headers: { authorization: `Bearer ${hub.adminToken}` } });
  expect(exported.payload.trim().split('\n')).toHaveLength(await last());
});

it('comes one after the other though many are written at once', async () => {
  const before = await last();
  await Promise.all(Array.from({ length: 40 }, () => call('POST /admin/v1/sessions', undefined, { email: 'x@example.test' })));
  expect(await last()).toBe(before + 40);
  expect(await audit.verify()).toMatchObject({ intact: true });
});

it.each(['update audit.entry set content = content', 'delete from audit.entry', 'truncate audit.entry'])('refuses in the database: %s', async (sql) => {
  await expect(database.execute(sql)).rejects.toThrow(/only added to/);
});

it('finds whatever is changed, taken out, moved or cut off by somebody who switches the refusal off', async () => {
  const { head, entries } = await audit.verify();
  expect(entries).toBeGreaterThan(20);
  const mutations = {
    'changed content': (seq: number) => `update audit.entry set content = replace(content, '"address"', '"adress"') where seq = ${seq}`,
    'changed hash': (seq: number) => `update audit.entry set hash = sha256(hash) where seq = ${seq}`,
    'taken out': (seq: number) => `delete from audit.entry where seq = ${seq}`,
    'moved': (seq: number) => `update audit.entry e set content = o.content from audit.entry o where e.seq = ${seq} and o.seq = ${seq === 1 ? 2 : seq - 1}`,
    'cut off': (seq: number) => `delete from audit.entry where seq >= ${seq}`,
    'cut off, and the head set back': (seq: number) => `with gone as (delete from audit.entry where seq >= ${seq}) update audit.head set seq = ${seq} - 1, hash = coalesce((select hash from audit.entry where seq = ${seq} - 1), sha256('crossdock audit v1'))`,
  };
  await fc.assert(fc.asyncProperty(fc.constantFrom(...(Object.keys(mutations) as (keyof typeof mutations)[])), fc.integer({ min: 1, max: entries }), async (mutation, seq) => {
    await database.execute('create table public.kept as select seq, content, hash from audit.entry');
    await database.execute('alter table audit.entry disable trigger append_only');
    await database.execute(mutations[mutation](seq));
    const verdict = await audit.verify(head);
    await database.execute('delete from audit.entry');
    await database.execute('insert into audit.entry (seq, content, hash) select seq, content, hash from public.kept');
    await database.execute(`update audit.head set seq = ${head.seq}, hash = decode('${head.hash}', 'hex')`);
    await database.execute('alter table audit.entry enable trigger append_only');
    await database.execute('drop table public.kept');
    expect(verdict).toMatchObject({ intact: false, fault: { seq: expect.any(Number) as number } });
    expect(await audit.verify(head)).toMatchObject({ intact: true });
  }), { numRuns: 30 });
});
