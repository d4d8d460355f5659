import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database } from '../../src/core/persistence/database.js';
import { newSession } from '../support/access/people.js';
import type { Answer } from '../support/app.js';
import { startStockApp, type StockApp } from '../support/stock.js';

let hub: StockApp;
let mine: string;
let theirs: string;

beforeAll(async () => {
  hub = await startStockApp();
  [mine, theirs] = [await hub.client('reservations:write', 'stock:write'), await hub.client('reservations:write', 'stock:write')];
  await hub.move({ eventId: 'opening', kind: 'opening', item: 'A', quantity: 100, location: 'dc' });
});

afterAll(async () => {
  await hub.stop();
});

const as = (token: string, method: string, path: string, body?: unknown): Promise<Answer> => hub.call(method, `/api/v1${path}`, body, { token });
const reserve = (token: string, key: string, quantity: number): Promise<Answer> => as(token, 'POST', '/reservations', { key, channel: 'web', ttlSeconds: 600, lines: [{ item: 'A', quantity }] });
const ids = async (token: string, query = ''): Promise<unknown[]> => ((await as(token, 'GET', `/reservations${query}`)).body.items as { id: string }[]).map(({ id }) => id);

it('a reservation is its client\'s: to another it does not exist, whatever the other asks of it', async () => {
  const { id } = (await reserve(mine, 'cart-1', 2)).body;
  const path = `/reservations/${id as string}`;
  for (const [method, step, body] of [['GET', '', undefined], ['POST', '/consume', { location: 'dc' }], ['POST', '/release', undefined]] as const) {
    const [foreign, absent] = [await as(theirs, method, `${path}${step}`, body), await as(theirs, method, `/reservations/999999999${step}`, body)];
    expect(foreign).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    // Word for word as of one that there is not: nothing tells that somebody has it.
    expect(foreign.body.detail).toBe((absent.body.detail as string).replace('999999999', id as string));
  }
  expect(await ids(theirs)).not.toContain(id);
  expect(await ids(theirs, '?key=cart-1')).toEqual([]);
  expect(await as(mine, 'GET', path)).toMatchObject({ status: 200, body: { state: 'HELD' } });
});

it('a reservation\'s key is its client\'s: another\'s same key is another promise, and replaces nothing', async () => {
  const [first, second] = [await reserve(mine, 'cart-2', 1), await reserve(theirs, 'cart-2', 3)];
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(first.body.id).not.toBe(second.body.id);
  expect(await as(mine, 'GET', `/reservations/${first.body.id as string}`)).toMatchObject({ body: { state: 'HELD', lines: [{ quantity: 1 }] } });
});

it('an event id is its client\'s: another\'s same id is another fact, and shadows nothing', async () => {
  const move = (token: string): Promise<Answer> => as(token, 'POST', '/stock-movements', { movements: [{ eventId: 'receipt-1', kind: 'receipt', item: 'B', quantity: 5, location: 'dc', occurredAt: new Date().toISOString() }] });
  expect([await move(mine), await move(theirs), await move(mine)].map(({ body }) => (body.results as { status: string }[])[0]?.status)).toEqual(['applied', 'applied', 'duplicate']);
  expect((await hub.levels())['B@dc']).toBe(10);
});

it('a user reads everybody\'s reservations, and settles none', async () => {
  const viewer = await newSession(hub.app.get(Database), 'viewer');
  const admin = await newSession(hub.app.get(Database), 'admin');
  const held = [(await reserve(mine, 'cart-3', 1)).body.id, (await reserve(theirs, 'cart-3', 1)).body.id];
  expect(await ids(viewer, '?key=cart-3')).toEqual([...held].reverse());
  expect(await as(viewer, 'GET', `/reservations/${held[0] as string}`)).toMatchObject({ status: 200 });
  for (const step of ['release', 'consume']) expect(await as(admin, 'POST', `/reservations/${held[0] as string}/${step}`, { location: 'dc' })).toMatchObject({ status: 403 });
});
