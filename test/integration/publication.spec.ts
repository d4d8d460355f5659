import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildLabPlugins, type PluginBuild } from '../support/plugins.js';
import type { ChannelPublicationAnswer } from '../../src/modules/inventory/http/publication.dto.js';
import type { Answer } from '../support/app.js';
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

describe('a channel as a whole', () => {
  const channel = (method: string, path = '', body?: unknown): Promise<Answer> => stock.call(method, `/admin/v1/channels/market/publication${path}`, body, { token: stock.adminToken });
  const standing = async (): Promise<ChannelPublicationAnswer> => (await channel('GET')).body as unknown as ChannelPublicationAnswer;
  const openingOf = async (codes: readonly string[], quantity: number): Promise<void> => {
    for (const code of codes) await stock.api('PUT', `/api/v1/items/${code}`, { name: code });
    await stock.move(...codes.map((code) => ({ eventId: `open-${code}-${quantity}`, kind: 'opening', item: code, quantity, location: 'dc' })));
  };

  it('is told nothing while it is paused, by whoever changes what, and the figures of the moment afterwards', async () => {
    await opening(9);
    await expect.poll(() => last()).toBe(9);
    expect((await channel('POST', '/pause', { reason: 'stock-taking' })).body).toMatchObject({ channel: 'market', connection: 'market', state: 'paused', reason: 'stock-taking' });
    expect((await channel('POST', '/pause', {})).body).toMatchObject({ state: 'paused', reason: null });
    for (const n of [1, 2, 3]) await sell(n);
    await stock.call('POST', '/admin/v1/connections/market/disable', undefined, { token: stock.adminToken });
    await stock.call('POST', '/admin/v1/connections/market/enable', undefined, { token: stock.adminToken });
    await expect.poll(async () => (await standing()).figures.waiting).toBeGreaterThan(0);
    expect((await stock.call('GET', '/admin/v1/publications?state=paused', undefined, { token: stock.adminToken })).body.items).toMatchObject([{ channel: 'market' }]);
    expect((await stock.call('GET', '/admin/v1/publications?state=failing', undefined, { token: stock.adminToken })).body.items).toEqual([]);
    expect(told()).toEqual([9]);
    expect((await channel('POST', '/resume')).body).toMatchObject({ state: 'running', reason: null });
    await expect.poll(() => last()).toBe(6);
    expect(told()).toEqual([9, 6]);
  });

  it('is told every figure anew when somebody asks for it, once each, over several pages, and says how far it is', async () => {
    const all = Array.from({ length: 1_100 }, (_, n) => `${item}-${n}`);
    await stock.call('POST', '/api/v1/items/bulk', all.map((code) => JSON.stringify({ id: code, name: code })).join('\n'), { token: await stock.client('catalog:write'), headers: { 'content-type': 'application/x-ndjson' } });
    for (let start = 0; start < all.length; start += 550) await stock.move(...all.slice(start, start + 550).map((code) => ({ eventId: `open-${code}`, kind: 'opening', item: code, quantity: 20, location: 'dc' })));
    await expect.poll(() => all.every((code) => last(code) === 20), { timeout: 20_000 }).toBe(true);
    heard = [];
    let free: () => void = () => undefined;
    const busy = new Promise<void>((resolve) => (free = resolve));
    behave = async (updates) => (await busy, accept(updates));
    const total = (await standing()).figures.all;
    expect((await channel('POST', '/resync')).body).toMatchObject({ resync: { state: 'running', total } });
    expect(await channel('POST', '/resync')).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    await expect.poll(() => heard.length).toBeGreaterThan(0);
    behave = accept;
    free();
    await expect.poll(async () => (await standing()).resync?.state, { timeout: 20_000 }).toBe('finished');
    expect(await standing()).toMatchObject({ resync: { total, done: total }, figures: { waiting: 0 } });
    for (const code of all) expect(told(code)).toEqual([20]);
    expect(heard.flat().length).toBe(total);
  }, 60_000);

  it('is told no more of a resync that was stopped, and the next one begins with the first figure', async () => {
    await channel('POST', '/pause', {});
    expect((await channel('POST', '/resync')).body).toMatchObject({ resync: { state: 'running', done: 0 } });
    expect((await channel('DELETE', '/resync')).body).toMatchObject({ resync: { state: 'stopped', done: 0 } });
    expect(await channel('DELETE', '/resync')).toMatchObject({ status: 409 });
    await channel('POST', '/resume');
    await opening(4);
    await expect.poll(() => last()).toBe(4);
    expect(heard.flat().map(({ sku }) => sku)).toEqual([item]);
    await channel('POST', '/resync');
    await expect.poll(async () => (await standing()).resync?.state).toBe('finished');
    expect(told()).toEqual([4, 4]);
  });

  it('is left alone when it takes nothing, instead of being asked at every change, and is told all at once when it is back', async () => {
    const many = Array.from({ length: 60 }, (_, n) => `${item}-${n}`);
    const askedAt: number[] = [];
    behave = () => (askedAt.push(performance.now()), { status: 503 });
    await openingOf(many.slice(0, 30), 5);
    await expect.poll(async () => (await standing()).trouble?.failures ?? 0, { timeout: 15_000 }).toBeGreaterThan(1);
    expect((await stock.call('GET', '/admin/v1/publications?state=failing', undefined, { token: stock.adminToken })).body.items).toMatchObject([{ channel: 'market', trouble: { detail: expect.stringContaining('503') as string } }]);
    for (const code of many.slice(30)) await openingOf([code], 5);
    const gaps = askedAt.slice(1).map((at, n) => at - (askedAt[n] ?? 0));
    expect(gaps.length).toBeGreaterThan(0);
    expect(Math.min(...gaps)).toBeGreaterThan(240);
    // It is tried at once, and until it was, that is the moment which is shown.
    expect((await channel('POST', '/resume')).body.trouble).toMatchObject({ failures: expect.any(Number) as number, nextTryAt: expect.stringMatching(/^2\d{3}-/) as string });
    behave = accept;
    await channel('POST', '/resume');
    await expect.poll(() => many.every((code) => last(code) === 5), { timeout: 15_000 }).toBe(true);
    await expect.poll(async () => (await standing()).trouble).toBeNull();
  }, 60_000);

  it('does not rest for one figure that it never takes', async () => {
    behave = (updates) => (updates.some(({ sku }) => sku === item) ? { status: 503 } : accept(updates));
    await opening(3);
    await expect.poll(() => told().length, { timeout: 15_000 }).toBeGreaterThan(2);
    expect((await standing()).trouble).toBeNull();
  });

  it('is not there, or is told nothing by anybody: both are said', async () => {
    expect(await stock.call('GET', '/admin/v1/channels/nowhere/publication', undefined, { token: stock.adminToken })).toMatchObject({ status: 404 });
    expect(await stock.call('POST', '/admin/v1/channels/app/publication/pause', {}, { token: stock.adminToken })).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
  });
});

it('is measured from its change to what the channel made of it, by plugin and outcome', async () => {
  const { text } = await stock.call('GET', '/metrics');
  for (const outcome of ['told', 'refused']) expect(text).toMatch(new RegExp(`^crossdock_publication_lag_seconds_count\\{plugin="[\\w-]+",outcome="${outcome}"\\} [1-9]`, 'm'));
  expect(text).not.toMatch(/^crossdock_publication_lag_seconds_count\{.*outcome="later"/m);
  expect(text).toMatch(/^crossdock_publication_figures_total\{channel="\d+",result="later"\} [1-9]/m);
});
