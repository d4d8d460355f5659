import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildLabPlugins, type PluginBuild } from '../support/plugins.js';
import { startStockApp, type StockApp } from '../support/stock.js';

let build: PluginBuild;
let stock: StockApp;
const dataDir = mkdtempSync(join(tmpdir(), 'crossdock-ledger-'));
let run = 0;
/** A prefix of its own for each test, since an event id is applied once for ever. */
let id: (name: string) => string;

beforeAll(async () => {
  build = await buildLabPlugins('marketplace');
  stock = await startStockApp(build.folders, dataDir);
});
afterAll(async () => {
  await stock?.stop();
  await build?.remove();
  rmSync(dataDir, { recursive: true, force: true });
});
beforeEach(async () => {
  run += 1;
  const prefix = `t${run}`;
  id = (name) => `${prefix}-${name}`;
  // Every test begins with nothing on hand, counted just now would stand in the way of older movements: take away what is there.
  for (const [place, onHand] of Object.entries(await stock.levels())) {
    const [item = '', location = ''] = place.split('@');
    if (onHand !== 0) await stock.move({ eventId: id(`reset-${place}`), kind: 'adjustment', item, location, quantity: -onHand });
  }
});

describe('movements', () => {
  it('keeps a level that is the fold of what moved, for every kind', async () => {
    const statuses = await stock.move(
      { eventId: id('o'), kind: 'opening', item: 'A', quantity: 10, location: 'dc' },
      { eventId: id('r'), kind: 'receipt', item: 'A', quantity: 5, location: 'dc' },
      { eventId: id('s'), kind: 'sale', item: 'A', quantity: 3, location: 'dc' },
      { eventId: id('b'), kind: 'return', item: 'A', quantity: 1, location: 'store-1' },
      { eventId: id('t'), kind: 'transfer', item: 'A', quantity: 4, location: 'dc', to: 'store-1' },
      { eventId: id('d'), kind: 'damage', item: 'A', quantity: 2, location: 'dc' },
      { eventId: id('a'), kind: 'adjustment', item: 'A', quantity: -1, location: 'dc' },
    );
    expect(statuses).toEqual(Array(7).fill('applied'));
    expect(await stock.levels()).toMatchObject({ 'A@dc': 10 + 5 - 3 - 4 - 2 - 1, 'A@store-1': 1 + 4 });
    const damaged = (await stock.api('GET', '/api/v1/stock-levels?item=A&location=dc')).body.items as { condition: string; onHand: number }[];
    expect(damaged.find((level) => level.condition === 'damaged')?.onHand).toBe(2);
  });

  it('applies a fact once, whether it is repeated in the same call, at the same time, or later', async () => {
    const fact = { eventId: id('once'), kind: 'receipt', item: 'A', quantity: 7, location: 'dc' };
    expect(await stock.move(fact, fact)).toEqual(['applied', 'duplicate']);
    const again = await Promise.all(Array.from({ length: 20 }, () => stock.move(fact)));
    expect(new Set(again.flat())).toEqual(new Set(['duplicate']));
    expect((await stock.levels())['A@dc']).toBe(7);
  });

  it('applies a new fact exactly once when twenty callers bring it at the same moment', async () => {
    const fact = { eventId: id('race'), kind: 'receipt', item: 'B', quantity: 2, location: 'dc' };
    const statuses = (await Promise.all(Array.from({ length: 20 }, () => stock.move(fact)))).flat();
    expect(statuses.filter((status) => status === 'applied')).toHaveLength(1);
    expect((await stock.levels())['B@dc']).toBe(2);
  });

  it('refuses what it does not know by entry, says why, and records the rest', async () => {
    expect(
      await stock.move(
        { eventId: id('1'), kind: 'sale', item: 'nothing', quantity: 1, location: 'dc' },
        { eventId: id('2'), kind: 'sale', item: 'A', quantity: 1, location: 'nowhere' },
        { eventId: id('3'), kind: 'receipt', item: 'A', quantity: 1, location: 'dc' },
        { eventId: id('4'), kind: 'sale', item: 'A', quantity: -1, location: 'dc' },
        { eventId: id('5'), kind: 'transfer', item: 'A', quantity: 1, location: 'dc' },
        { eventId: id('6'), kind: 'sale', item: 'A', quantity: 1, location: 'dc', occurredAt: '2999-01-01T00:00:00Z' },
      ),
    ).toEqual(['UNKNOWN_ITEM', 'UNKNOWN_LOCATION', 'applied', 'VALIDATION_FAILED', 'VALIDATION_FAILED', 'VALIDATION_FAILED']);
  });

  it('does not burn the key of a refused fact: it is applied once the item exists', async () => {
    const fact = { eventId: id('later'), kind: 'receipt', item: 'late-item', quantity: 1, location: 'dc' };
    expect(await stock.move(fact)).toEqual(['UNKNOWN_ITEM']);
    await stock.api('PUT', '/api/v1/items/late-item', { name: 'Late' });
    expect(await stock.move(fact)).toEqual(['applied']);
  });

  it('records a sale before its receipt as a negative figure, raises it, and lowers the flag again', async () => {
    await stock.move({ eventId: id('s'), kind: 'sale', item: 'B', quantity: 3, location: 'store-2' });
    const negative = async (): Promise<unknown[]> => (await stock.api('GET', '/api/v1/stock-levels?negative=true&location=store-2')).body.items as unknown[];
    expect(await negative()).toMatchObject([{ item: 'B', onHand: -3, negativeSince: expect.any(String) as string }]);
    await stock.move({ eventId: id('r'), kind: 'receipt', item: 'B', quantity: 3, location: 'store-2' });
    expect(await negative()).toEqual([]);
  });

  it('lets only the owner of a location adjust and count there, and anybody sell', async () => {
    const connection = { id: 'owner', plugin: 'marketplace', name: 'Owner', config: { baseUrl: 'http://127.0.0.1:9' }, credentials: { apiKey: 'a-test-api-key', webhookSecret: 'a-test-secret' }, allowPrivateNetwork: true, enabled: false };
    expect((await stock.call('POST', '/admin/v1/connections', connection, { token: stock.adminToken })).status).toBe(201);
    expect((await stock.api('PUT', '/api/v1/locations/owned', { name: 'Owned', type: 'store', owner: 'owner' })).status).toBe(201);
    const fact = { item: 'A', quantity: 1, location: 'owned' };
    expect(await stock.move({ eventId: id('a'), kind: 'adjustment', ...fact }, { eventId: id('s'), kind: 'sale', ...fact }, { eventId: id('r'), kind: 'receipt', ...fact })).toEqual(['NOT_OWNER', 'applied', 'applied']);
    expect(await stock.count({ eventId: id('c'), ...fact, quantity: 50, asOf: new Date().toISOString() })).toEqual([{ status: 'rejected', code: 'NOT_OWNER' }]);
    expect((await stock.levels())['A@owned']).toBe(0);
    await stock.api('PUT', '/api/v1/locations/owned', { name: 'Owned', type: 'store' });
    expect(await stock.move({ eventId: id('a'), kind: 'adjustment', ...fact })).toEqual(['applied']);
  });
});

describe('counts', () => {
  const at = (minutes: number): string => new Date(Date.UTC(2026, 9, run, 12, minutes)).toISOString();
  // Later tests happen on later days, so that an earlier count never makes their movements late.

  it('ends alike whether the count or the sale that it had seen arrives first', async () => {
    const sale = { eventId: id('sale'), kind: 'sale', item: 'A', quantity: 2, location: 'store-1', occurredAt: at(0) };
    const count = { eventId: id('count'), item: 'A', quantity: 5, location: 'store-1', asOf: at(10) };
    await stock.count(count);
    expect(await stock.move(sale)).toEqual(['applied']);
    expect((await stock.levels())['A@store-1']).toBe(5);
    const other = { ...count, eventId: id('count-2'), item: 'B' };
    await stock.move({ ...sale, eventId: id('sale-2'), item: 'B' });
    await stock.count(other);
    expect((await stock.levels())['B@store-1']).toBe(5);
  });

  it('keeps what moved after the counted moment', async () => {
    await stock.move({ eventId: id('o'), kind: 'opening', item: 'A', quantity: 10, location: 'dc', occurredAt: at(0) });
    await stock.move({ eventId: id('s'), kind: 'sale', item: 'A', quantity: 4, location: 'dc', occurredAt: at(30) });
    expect(await stock.count({ eventId: id('c'), item: 'A', quantity: 8, location: 'dc', asOf: at(20) })).toEqual([{ status: 'applied', correction: -2 }]);
    expect((await stock.levels())['A@dc']).toBe(4);
  });

  it('changes nothing by an older, a repeated or an equal-moment lesser figure', async () => {
    const count = { eventId: id('m'), item: 'A', quantity: 8, location: 'store-2', asOf: at(20) };
    expect(await stock.count(count)).toMatchObject([{ status: 'applied' }]);
    expect(await stock.count(count)).toEqual([{ status: 'duplicate' }]);
    expect(await stock.count({ ...count, eventId: id('older'), quantity: 1, asOf: at(10) })).toEqual([{ status: 'stale' }]);
    expect(await stock.count({ ...count, eventId: id('a-tie'), quantity: 2 })).toEqual([{ status: 'stale' }]);
    expect((await stock.levels())['A@store-2']).toBe(8);
  });
});

describe('the ledger as a feed', () => {
  it('serves every movement once, page by page, in an order that does not change', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, n) => stock.move({ eventId: id(`p${n}`), kind: 'receipt', item: n % 2 ? 'A' : 'B', quantity: 1, location: 'dc' })));
    const read = async (limit: number): Promise<{ position: string; eventId: string }[]> => {
      const all: { position: string; eventId: string }[] = [];
      for (let after = '', more = true; more; ) {
        const page = (await stock.api('GET', `/api/v1/ledger?limit=${limit}${after && `&after=${after}`}`)).body as { items: typeof all; next: string; more: boolean };
        all.push(...page.items);
        ({ next: after, more } = page);
      }
      return all;
    };
    // A transaction that is open anywhere in the cluster holds the newest entries back for a moment.
    await expect.poll(async () => (await read(1_000)).filter((entry) => entry.eventId.startsWith(id('p'))).length, { timeout: 10_000 }).toBe(40);
    const [inSevens, inHundreds] = [await read(7), await read(100)];
    expect(inSevens).toEqual(inHundreds);
    expect(new Set(inSevens.map((entry) => entry.position)).size).toBe(inSevens.length);
    const ofB = (await stock.api('GET', '/api/v1/ledger?item=B&limit=10000')).body.items as { item: string }[];
    expect(ofB).toEqual(inHundreds.filter((entry) => (entry as unknown as { item: string }).item === 'B'));
  });

  it('refuses a cursor that it never gave', async () => {
    expect(await stock.api('GET', '/api/v1/ledger?after=x')).toMatchObject({ status: 400, body: { code: 'CURSOR_INVALID' } });
  });
});
