import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildLabPlugins, type PluginBuild } from '../support/plugins.js';
import { startStockApp, type StockApp } from '../support/stock.js';

interface Update { readonly sku: string; readonly quantity: number; readonly version: number }
interface Reply { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }
type Behaviour = (updates: readonly Update[]) => Reply | Promise<Reply>;

const accept: Behaviour = (updates) => ({ status: 200, body: { results: updates.map(({ sku }) => ({ sku, status: 'ok' })) } });

let build: PluginBuild;
let stock: StockApp;
let market: Server;
let behave: Behaviour = accept;
let heard: Update[][] = [];
const dataDir = mkdtempSync(join(tmpdir(), 'crossdock-publication-'));
let run = 0;
let item = '';

beforeAll(async () => {
  build = await buildLabPlugins('marketplace');
  stock = await startStockApp(build.folders, dataDir);
  market = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => void answer(body).then(({ status, headers, body: payload }) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(payload ?? {}))));
  });
  await new Promise<void>((resolve) => market.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(market.address() as AddressInfo).port}`;
  const connection = { id: 'market', plugin: 'marketplace', name: 'Market', config: { baseUrl }, credentials: { apiKey: 'a-test-api-key', webhookSecret: 'a-test-secret' }, matchItemsBy: 'sku', allowPrivateNetwork: true };
  expect((await stock.call('POST', '/admin/v1/connections', connection, { token: stock.adminToken })).status).toBe(201);
  expect((await stock.api('PUT', '/api/v1/channels/market', { name: 'market', locations: ['dc'], connection: 'market' })).status).toBeLessThan(300);
});

async function answer(body: string): Promise<Reply> {
  const { updates } = JSON.parse(body) as { updates: Update[] };
  heard.push(updates);
  return behave(updates);
}

afterAll(async () => {
  await stock?.stop();
  market?.closeAllConnections();
  market?.close();
  await build?.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

beforeEach(async () => {
  run += 1;
  item = `it-${run}`;
  behave = accept;
  await stock.api('PUT', `/api/v1/items/${item}`, { name: item });
  heard = [];
});

const opening = (quantity: number, code = item): Promise<string[]> => stock.move({ eventId: `open-${code}-${quantity}`, kind: 'opening', item: code, quantity, location: 'dc' });
const sell = (n: number): Promise<string[]> => stock.move({ eventId: `sell-${item}-${n}`, kind: 'sale', item, quantity: 1, location: 'dc' });
const told = (code = item): number[] => heard.flat().filter((update) => update.sku === code).map((update) => update.quantity);
const last = (code = item): number | undefined => told(code).at(-1);
const publications = async (state = ''): Promise<{ item: string; fault: string | null; published: { quantity: number } | null; waitingSince: string | null }[]> =>
  (await stock.api('GET', `/api/v1/publications?channel=market&limit=1000${state && `&state=${state}`}`)).body.items as never;
const publication = async (): Promise<Awaited<ReturnType<typeof publications>>[number] | undefined> => (await publications()).find((one) => one.item === item);

describe('a changed figure', () => {
  it('reaches the channel through the wall, and the hub knows what the channel acknowledged', async () => {
    await opening(10);
    await expect.poll(() => last()).toBe(10);
    await sell(1);
    await expect.poll(() => last()).toBe(9);
    await expect.poll(async () => (await publication())?.published?.quantity).toBe(9);
    const [read] = (await stock.api('GET', `/api/v1/availability?channel=market&item=${item}`)).body.items as { published: { quantity: number } }[];
    expect(read?.published.quantity).toBe(9);
  });

  it('is told as it is now, not as it was: a burst while the channel is busy becomes one message', async () => {
    await opening(50);
    await expect.poll(() => last()).toBe(50);
    let free: () => void = () => undefined;
    const busy = new Promise<void>((resolve) => (free = resolve));
    behave = async (updates) => (await busy, accept(updates));
    await sell(0);
    await expect.poll(() => told().length).toBe(2);
    for (let n = 1; n <= 20; n += 1) await sell(n);
    behave = accept;
    free();
    await expect.poll(() => last()).toBe(29);
    expect(told()).toEqual([50, 49, 29]);
  });

  it('tells what is sold out before what is plentiful', async () => {
    const others = Array.from({ length: 6 }, (_, n) => `${item}-${n}`);
    for (const code of others) await stock.api('PUT', `/api/v1/items/${code}`, { name: code });
    await stock.call('POST', '/admin/v1/connections/market/disable', undefined, { token: stock.adminToken });
    for (const code of others) await opening(100, code);
    await opening(1);
    await sell(1);
    await stock.call('POST', '/admin/v1/connections/market/enable', undefined, { token: stock.adminToken });
    await expect.poll(() => others.every((code) => last(code) === 100), { timeout: 15_000 }).toBe(true);
    expect(heard[0]?.[0]).toMatchObject({ sku: item, quantity: 0 });
  });
});

describe('a channel in trouble', () => {
  it('is tried again after a refusal of service or a throttle, with the figure of that moment', async () => {
    let calls = 0;
    behave = (updates) => ((calls += 1) === 1 ? { status: 503 } : calls === 2 ? { status: 429, headers: { 'retry-after': '1' } } : accept(updates));
    await opening(5);
    await expect.poll(async () => (await publication())?.published?.quantity, { timeout: 15_000 }).toBe(5);
    expect(calls).toBeGreaterThanOrEqual(3);
    expect(await publications('waiting')).toEqual([]);
  });

  it('is told again when the answer was lost, since nobody knows whether the figure arrived', async () => {
    let calls = 0;
    behave = (updates) => ((calls += 1) === 1 ? { status: 200, body: { results: [] } } : accept(updates));
    await opening(5);
    await expect.poll(async () => (await publication())?.published?.quantity, { timeout: 15_000 }).toBe(5);
    expect(told()).toEqual([5, 5]);
  });

  it('may refuse one item for good: the fault is shown, the others pass, and the next change is tried', async () => {
    behave = (updates) => ({ status: 200, body: { results: updates.map(({ sku }) => (sku === item ? { sku, status: 'error', code: 'UNKNOWN_SKU', message: 'No listing has this SKU.' } : { sku, status: 'ok' })) } });
    const other = `${item}-ok`;
    await stock.api('PUT', `/api/v1/items/${other}`, { name: other });
    await stock.move({ eventId: `${item}-x`, kind: 'opening', item, quantity: 3, location: 'dc' }, { eventId: `${item}-y`, kind: 'opening', item: other, quantity: 4, location: 'dc' });
    await expect.poll(async () => (await publications('refused')).find((one) => one.item === item)?.fault).toBe('UNKNOWN_SKU: No listing has this SKU.');
    await expect.poll(async () => (await publications('published')).find((one) => one.item === other)?.published?.quantity).toBe(4);
    behave = accept;
    await sell(1);
    await expect.poll(async () => (await publication())?.fault).toBeNull();
    expect(last()).toBe(2);
  });

  it('hears nothing while its connection is off, and everything that changed once it is on', async () => {
    await stock.call('POST', '/admin/v1/connections/market/disable', undefined, { token: stock.adminToken });
    await opening(7);
    await expect.poll(async () => (await publications('waiting')).map((one) => one.item)).toContain(item);
    expect(told()).toEqual([]);
    await stock.call('POST', '/admin/v1/connections/market/enable', undefined, { token: stock.adminToken });
    await expect.poll(() => last(), { timeout: 10_000 }).toBe(7);
  });
});

it('is measured from its change to what the channel made of it, by plugin and outcome', async () => {
  const { text } = await stock.call('GET', '/metrics');
  for (const outcome of ['told', 'refused']) expect(text).toMatch(new RegExp(`^crossdock_publication_lag_seconds_count\\{plugin="[\\w-]+",outcome="${outcome}"\\} [1-9]`, 'm'));
  expect(text).not.toMatch(/^crossdock_publication_lag_seconds_count\{.*outcome="later"/m);
  expect(text).toMatch(/^crossdock_publication_figures_total\{channel="\d+",result="later"\} [1-9]/m);
});
