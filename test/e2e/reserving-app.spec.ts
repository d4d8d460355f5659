import { afterEach, expect, it } from 'vitest';
import { Catalogue, ReservingApp } from '../../lab/simulators/index.js';
import { steadyPort } from '../../lab/simulators/spec/steady-port.js';
import { createTestDatabase } from '../support/database.js';
import { startHub, type Hub } from '../support/hub.js';

const ITEMS = ['MUG', 'CUP', 'JUG'];
const STOCK = 60;
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A warehouse with some of everything, a channel that sells from it, and the app's own key. */
async function stockedShop(hub: Hub): Promise<string> {
  const client = async (name: string, scopes: string[]): Promise<string> => (await hub.api<{ key: string }>('POST', '/admin/v1/clients', { name, scopes })).body.key;
  const token = await client('back-office', ['catalog:write', 'stock:write']);
  const say = async (method: string, path: string, body: unknown): Promise<void> => {
    const { status, body: answer } = await hub.api(method, path, body, { token });
    if (status >= 300) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  };
  for (const item of ITEMS) await say('PUT', `/api/v1/items/${item}`, { name: item });
  await say('PUT', '/api/v1/locations/warehouse', { name: 'Warehouse', type: 'warehouse' });
  await say('PUT', '/api/v1/channels/app', { name: 'App', locations: ['warehouse'] });
  await say('POST', '/api/v1/stock-movements', {
    movements: ITEMS.map((item) => ({ eventId: `opening/${item}`, kind: 'opening', item, location: 'warehouse', quantity: STOCK, occurredAt: new Date().toISOString() })),
  });
  return client('app', ['reservations:write', 'stock:read', 'stock:write']);
}

async function onHand(hub: Hub, token: string): Promise<Record<string, number>> {
  const { body } = await hub.api<{ items: { item: string; location: string; onHand: number }[] }>('GET', '/api/v1/stock-levels?location=warehouse', undefined, { token });
  return Object.fromEntries(body.items.map(({ item, onHand: units }) => [item, units]));
}

/** What the app's own books say must be left. */
function leftBy(app: ReservingApp): Record<string, number> {
  const left = Object.fromEntries(ITEMS.map((item) => [item, STOCK]));
  for (const { item, kind, quantity } of app.journal) left[item] = (left[item] ?? 0) + (kind === 'sale' ? -quantity : quantity);
  return left;
}

function makeApp(options: { dispatchAfterMs?: number } = {}): ReservingApp {
  const app = new ReservingApp({ name: 'app', catalogue: new Catalogue(ITEMS.map((id) => ({ id, name: id }))), locations: ['warehouse'], seed: 1, ...options });
  closing.push(() => app.stop());
  return app;
}

const basket = (nth: number) => ({
  order: `o${nth}`,
  location: 'warehouse',
  lines: ITEMS.map((item, index) => ({ line: String(index), item, quantity: ((nth + index) % 3) + 1 })),
});

it('sells the last unit to somebody and no unit twice, across kill -9 of the hub', { timeout: 120_000 }, async () => {
  const database = await createTestDatabase();
  closing.push(() => database.drop());
  const settings = { databaseUrl: database.url, env: { CROSSDOCK_PORT: String(await steadyPort()) } };
  let hub = await startHub(settings);
  closing.push(() => hub.dispose());
  const key = await stockedShop(hub);
  const app = makeApp();
  app.connect({ url: hub.url, apiKey: key });

  const answers = [];
  for (let nth = 0; nth < 40; nth += 1) answers.push(app.order(basket(nth)));
  await Promise.race(answers);
  await hub.kill();
  for (let nth = 40; nth < 60; nth += 1) answers.push(app.order(basket(nth)));
  hub = await startHub(settings);
  const decided = await Promise.all(answers);
  await app.settle();

  // Sixty baskets want twice as much as there is: everything is sold, to the unit, and the rest was refused.
  const sold = decided.flatMap(({ accepted }) => accepted).reduce((sum, line) => sum + line.quantity, 0);
  expect(sold).toBe(ITEMS.length * STOCK);
  expect(decided.some(({ refused }) => refused.length > 0)).toBe(true);
  expect(await onHand(hub, key)).toEqual({ MUG: 0, CUP: 0, JUG: 0 });
  expect(leftBy(app)).toEqual({ MUG: 0, CUP: 0, JUG: 0 });
  expect(app.counts.retries).toBeGreaterThan(0);
});

it('gives back what was cancelled: before dispatch by releasing, afterwards by a movement', { timeout: 120_000 }, async () => {
  const hub = await startHub();
  closing.push(() => hub.stop());
  const key = await stockedShop(hub);
  const slow = makeApp({ dispatchAfterMs: 60_000 });
  slow.connect({ url: hub.url, apiKey: key });
  await slow.order(basket(1));
  expect(await slow.cancel('o1')).toBe(true);
  expect(await slow.cancel('o1')).toBe(false);
  expect(slow.journal).toEqual([]);

  await slow.order(basket(2));
  await slow.settle();
  expect(slow.journal.map((fact) => fact.kind)).toEqual(['sale', 'sale', 'sale']);
  expect(await onHand(hub, key)).toEqual(leftBy(slow));
  expect(await slow.cancel('o2')).toBe(true);
  await slow.takeBack({ id: 'r1', location: 'warehouse', lines: [{ line: '1', item: 'JUG', quantity: 2 }] });
  await slow.settle();
  expect(await onHand(hub, key)).toEqual({ MUG: STOCK, CUP: STOCK, JUG: STOCK + 2 });
  expect(leftBy(slow)).toEqual({ MUG: STOCK, CUP: STOCK, JUG: STOCK + 2 });

  const { body: ledger } = await hub.api<{ items: { eventId: string; line: string; kind: string }[] }>('GET', '/api/v1/ledger?limit=1000', undefined, { token: key });
  const told = ledger.items.filter(({ kind }) => kind !== 'opening').map(({ eventId, line }) => `${eventId}#${line}`);
  expect(told.sort()).toEqual(slow.journal.map(({ eventId, line }) => `${eventId}#${line}`).sort());
});
