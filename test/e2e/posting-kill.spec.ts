import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CanonicalEvent } from '@crossdock/connector-sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BooksServer } from '../support/posting/books.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startHub, type Hub } from '../support/hub.js';
import { buildPlugins, type PluginBuild } from '../support/plugins.js';

interface Posting { readonly behind: { readonly entries: number }; readonly posted: { readonly applied: number; readonly duplicate: number }; readonly held: Record<string, number> }

const MOVEMENTS = 160;
const KILLS = 2;
const books = new BooksServer();
let database: TestDatabase;
let plugins: PluginBuild;
let dataDir: string;
let hub: Hub;
let key: string;

const start = async (): Promise<Hub> => startHub({ databaseUrl: database.url, dataDir, env: { CROSSDOCK_PLUGINS_DIR: plugins.folders.further ?? '' } });
const posting = async (): Promise<Posting> => (await hub.api<Posting>('GET', '/admin/v1/connections/erp/posting')).body;
const api = (method: string, path: string, body: unknown) => hub.api<Record<string, unknown>>(method, path, body, { token: key });

beforeAll(async () => {
  [database, plugins, dataDir] = await Promise.all([createTestDatabase(), buildPlugins('books'), mkdtemp(join(tmpdir(), 'crossdock-posting-kill-'))]);
  const host = await books.start();
  hub = await start();
  key = (await hub.api<{ key: string }>('POST', '/admin/v1/clients', { name: 'test', scopes: ['catalog:write', 'stock:write', 'stock:read'] })).body.key;
  for (const id of ['A', 'B']) await api('PUT', `/api/v1/items/${id}`, { name: id });
  await api('PUT', '/api/v1/locations/dc', { name: 'dc', type: 'warehouse' });
  await hub.api('POST', '/admin/v1/connections', { id: 'erp', plugin: 'books', name: 'ERP', config: { host }, credentials: { token: 't', webhookSecret: 'a secret' }, allowPrivateNetwork: true });
  const references = [{ entity: 'item', type: 'product', externalId: 'a', canonicalId: 'A' }, { entity: 'location', type: 'place', externalId: 'main', canonicalId: 'dc' }];
  await hub.api('PUT', '/admin/v1/connections/erp/cross-references', { references });
  expect((await hub.api('PUT', '/admin/v1/connections/erp/posting', { from: 'now' })).status).toBe(200);
}, 90_000);

afterAll(async () => {
  await hub.kill();
  await hub.dispose();
  books.stop();
  await Promise.all([database.drop(), plugins.remove(), rm(dataDir, { recursive: true, force: true })]);
});

const record = async (n: number): Promise<void> => {
  const movements = [{ eventId: `order-${n}`, kind: n % 3 === 0 ? 'receipt' : 'sale', item: 'A', quantity: 1 + (n % 5), location: 'dc', occurredAt: new Date().toISOString() }];
  for (;;) {
    if ((await api('POST', '/api/v1/stock-movements', { movements }).then(({ status }) => status, () => 0)) === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

it('writes every movement once, killed again and again between the write outside and its own commit', async () => {
  let kills = 0;
  let killed: (() => void) | undefined;
  // The books write and say nothing; the hub dies while it waits for them.
  books.fault = async (path, sent, response) => {
    if (path !== '/create' || kills >= KILLS || books.written.length < kills * 60) return false;
    kills += 1;
    for (const one of sent) books.write(one);
    await hub.kill();
    response.destroy();
    killed?.();
    return true;
  };
  const sending = (async () => {
    for (let n = 0; n < MOVEMENTS; n += 1) await record(n);
  })();
  for (let n = 0; n < KILLS; n += 1) {
    await new Promise<void>((resolve) => (killed = resolve));
    hub = await start();
  }
  await sending;
  await expect.poll(() => books.written.length, { timeout: 60_000, interval: 100 }).toBe(MOVEMENTS);
  await expect.poll(async () => (await posting()).behind.entries, { timeout: 30_000, interval: 100 }).toBe(0);
  expect(new Set(books.written.map((one) => one.key)).size).toBe(MOVEMENTS);
  expect(books.written).toHaveLength(MOVEMENTS);
  const { posted } = await posting();
  expect(posted.applied + posted.duplicate).toBe(MOVEMENTS);
  expect(posted.duplicate).toBeGreaterThanOrEqual(KILLS);
  const levels = await hub.api<{ items: { onHand: number }[] }>('GET', '/api/v1/stock-levels?item=A');
  expect(books.stock()).toEqual({ 'a@main': levels.body.items[0]?.onHand });
}, 180_000);

it('does not write what the books themselves told by webhook, and shows what is held among the exceptions', async () => {
  const event: CanonicalEvent = { kind: 'StockMoved', movement: 'receipt', eventId: 'own', line: '1', item: { type: 'product', id: 'a' }, location: { type: 'place', id: 'main' }, quantity: 5, occurredAt: new Date().toISOString() };
  const body = JSON.stringify([event]);
  const headers = { 'content-type': 'application/json', 'x-books-delivery': 'own', 'x-books-topic': 'stock', 'x-books-hmac': createHmac('sha256', 'a secret').update(body).digest('base64') };
  const before = await posting();
  expect((await hub.api('POST', '/webhooks/erp', body, { token: null, headers })).status).toBe(202);
  await expect.poll(async () => (await hub.api<{ items: { state: string }[] }>('GET', '/admin/v1/deliveries')).body.items, { timeout: 20_000 }).toMatchObject([{ state: 'done' }]);
  await api('POST', '/api/v1/stock-movements', { movements: [{ eventId: 'unmapped', kind: 'receipt', item: 'B', quantity: 1, location: 'dc', occurredAt: new Date().toISOString() }] });
  await expect.poll(posting, { timeout: 20_000 }).toMatchObject({ behind: { entries: 0 }, held: { UNMAPPED_ITEM: 1 } });
  expect(books.written).toHaveLength(MOVEMENTS);
  expect((await posting()).posted).toEqual(before.posted);
  const exceptions = await hub.api<{ elsewhere: unknown[] }>('GET', '/admin/v1/exceptions');
  expect(exceptions.body.elsewhere).toEqual([{ connection: 'erp', what: 'postings', held: 1, path: '/admin/v1/connections/erp/posting/held' }]);
}, 60_000);
