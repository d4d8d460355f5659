import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bridge } from '../../src/modules/inventory/availability/bridge.js';
import { startStockApp, type StockApp } from '../support/stock.js';

let stock: StockApp;
let run = 0;
let item = '';

beforeAll(async () => {
  stock = await startStockApp();
});
afterAll(() => stock?.stop());
beforeEach(async () => {
  run += 1;
  item = `item-${run}`;
  await stock.api('PUT', `/api/v1/items/${item}`, { name: item });
  await stock.api('PUT', '/api/v1/channels/web/selling-rules', {});
});

const opening = (quantity: number, location: string): Promise<string[]> => stock.move({ eventId: `${item}-${location}-${quantity}`, kind: 'opening', item, quantity, location });

describe('available to sell', () => {
  it('is there, for every channel of the pool, when the movement is acknowledged', async () => {
    await opening(10, 'dc');
    await opening(3, 'store-1');
    await opening(99, 'store-2');
    expect([await stock.now('web', item), await stock.now('app', item)]).toEqual([13, 10]);
    await stock.move({ eventId: `${item}-sale`, kind: 'sale', item, quantity: 4, location: 'dc' });
    expect([await stock.now('web', item), await stock.now('app', item)]).toEqual([9, 6]);
  });

  it('opens its sum: every rule is a signed step, and the steps add up', async () => {
    await opening(40, 'dc');
    await opening(10, 'store-1');
    await stock.api('PUT', `/api/v1/stock-levels/${item}/store-1/safety-stock`, { quantity: 4 });
    await stock.api('PUT', '/api/v1/channels/web/selling-rules', { sharePercent: 50, threshold: 2, buffer: 1, cap: 15 });
    const answer = (await stock.api('GET', `/api/v1/availability?channel=web&item=${item}`)).body.items as { now: number; terms: { term: string; amount: number }[] }[];
    expect(answer[0]).toMatchObject({
      now: 15,
      terms: [
        { term: 'usable', amount: 50 }, { term: 'safety', amount: -4 }, { term: 'demand', amount: 0 }, { term: 'stranded', amount: 0 }, { term: 'share', amount: -23 },
        { term: 'threshold', amount: -2 }, { term: 'buffer', amount: -1 }, { term: 'cap', amount: -5 }, { term: 'floor', amount: 0 },
      ],
    });
  });

  it('never promises below zero, whatever the ledger says', async () => {
    await stock.move({ eventId: `${item}-early`, kind: 'sale', item, quantity: 5, location: 'dc' });
    await opening(2, 'store-1');
    expect(await stock.now('app', item)).toBe(0);
    expect(await stock.now('web', item)).toBe(2);
  });

  it('follows a channel to another pool, and a rule to all its items, at once', async () => {
    await opening(5, 'store-2');
    expect(await stock.now('web', item)).toBe(0);
    await stock.api('PUT', '/api/v1/channels/web', { name: 'web', locations: ['store-2'] });
    expect(await stock.now('web', item)).toBe(5);
    await stock.api('PUT', '/api/v1/channels/web', { name: 'web', locations: ['dc', 'store-1'] });
    expect(await stock.now('web', item)).toBe(0);
  });

  it('says which channel or item it does not know', async () => {
    expect(await stock.api('GET', `/api/v1/availability?channel=moon&item=${item}`)).toMatchObject({ status: 422, body: { code: 'UNKNOWN_CHANNEL' } });
    expect(await stock.api('GET', '/api/v1/availability?channel=web&item=nothing')).toMatchObject({ status: 422, body: { code: 'UNKNOWN_ITEM' } });
  });
});

it('is computed alike by the database and by the bridge that explains it', async () => {
  const client = new pg.Client({ connectionString: stock.databaseUrl });
  await client.connect();
  const units = fc.integer({ min: 0, max: 1_000 });
  const inputs = fc.record({
    usable: units, safetyAtLocations: units, stranded: units, demand: units, safetyStock: units, threshold: units, buffer: units,
    sharePercent: fc.integer({ min: 0, max: 100 }), cap: fc.option(units),
  });
  try {
    await fc.assert(
      fc.asyncProperty(inputs, async (given) => {
        const { rows } = await client.query<{ now: string }>('select inventory.now_to_sell($1, $2, $3, $4, $5, $6, $7, $8, $9) as now', [
          given.usable, given.safetyAtLocations, given.stranded, given.demand, given.safetyStock, given.threshold, given.buffer, given.sharePercent, given.cap,
        ]);
        expect(bridge(given).now).toBe(Number(rows[0]?.now));
      }),
      { numRuns: 300 },
    );
  } finally {
    await client.end();
  }
});
