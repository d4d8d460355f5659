import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildPlugins, type PluginBuild } from '../support/plugins.js';
import { BooksServer } from '../support/posting/books.js';
import { startStockApp, type StockApp } from '../support/stock.js';

let build: PluginBuild;
let hub: StockApp;
const books = new BooksServer();
const dataDir = mkdtempSync(join(tmpdir(), 'crossdock-postings-'));

const admin = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => (await hub.call(method, `/admin/v1${path}`, body, { token: hub.adminToken })).body;
const list = (query = ''): Promise<Record<string, unknown>> => admin('GET', `/postings?${query}`);
const connections = async (query = ''): Promise<unknown[]> => ((await list(query)).items as { connection: string }[]).map(({ connection }) => connection);

/** Books of three systems: never switched on, running with a movement that is held, and paused. */
beforeAll(async () => {
  build = await buildPlugins('books');
  hub = await startStockApp(build.folders, dataDir);
  const host = await books.start();
  for (const id of ['idle', 'held', 'still']) {
    const made = await hub.call('POST', '/admin/v1/connections', { id, plugin: 'books', name: id, config: { host }, credentials: { token: 'a-test-token' }, allowPrivateNetwork: true }, { token: hub.adminToken });
    expect(made.status).toBe(201);
  }
  await admin('PUT', '/connections/held/cross-references', { references: [{ entity: 'location', type: 'place', externalId: 'main', canonicalId: 'dc' }] });
  for (const id of ['held', 'still']) await admin('PUT', `/connections/${id}/posting`, { from: 'now' });
  await admin('POST', '/connections/still/posting/pause');
  await hub.api('PUT', '/api/v1/items/not-mapped', { name: 'not mapped' });
  await hub.move({ eventId: 'one', kind: 'receipt', item: 'not-mapped', quantity: 1, location: 'dc' });
});

afterAll(async () => {
  await hub?.stop();
  books.stop();
  await build?.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

it('shows all books, how far behind each is and what is held, as each shows it alone', async () => {
  await expect.poll(() => list(), { timeout: 20_000 }).toMatchObject({
    items: [
      { connection: 'idle', enabled: true, state: 'off' },
      { connection: 'held', enabled: true, state: 'running', behind: { entries: 0 }, held: { UNMAPPED_ITEM: 1, REJECTED: 0, DELAYED: 0 }, trouble: null },
      { connection: 'still', enabled: true, state: 'paused', behind: { entries: 1 }, held: { UNMAPPED_ITEM: 0, REJECTED: 0, DELAYED: 0 } },
    ],
    next: null,
  });
  const { examples, ...alone } = await admin('GET', '/connections/held/posting');
  expect(examples).toHaveLength(1);
  expect(((await list()).items as object[])[1]).toEqual({ connection: 'held', enabled: true, ...alone });
});

it('is narrowed by state, and paged', async () => {
  expect(await connections('state=off')).toEqual(['idle']);
  expect(await connections('state=paused')).toEqual(['still']);
  const { items, next } = await list('limit=2');
  expect([(items as unknown[]).length, await connections(`limit=2&after=${String(next)}`)]).toEqual([2, ['still']]);
  expect(await list('state=closed')).toMatchObject({ code: 'VALIDATION_FAILED' });
});
