import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../src/core/persistence/database.js';
import { DirtyFigures } from '../../src/modules/inventory/publication/dirty-figures.js';
import { ResyncChannel } from '../../src/modules/inventory/publication/resync-channel.js';
import { startStockApp, type StockApp } from '../support/stock.js';

const ITEMS = Array.from({ length: 40 }, (_, index) => `LOCK-${index}`);

let stock: StockApp;
let database: Database;

beforeAll(async () => {
  stock = await startStockApp();
  database = stock.app.get(Database);
  for (const item of ITEMS) await stock.api('PUT', `/api/v1/items/${item}`, { name: item });
  await stock.move(...ITEMS.map((item) => ({ eventId: 'opening', line: item, kind: 'opening', item, quantity: 1_000_000, location: 'dc' })));
  // A connection that nobody serves: its figures wait, and this test alone claims and settles them.
  await database.execute('update inventory.channel_rule set connection_id = 1000 + channel_id');
});

afterAll(() => stock.stop());

async function deadlocks(): Promise<number> {
  await database.query('select pg_stat_clear_snapshot()');
  const [row] = await database.query<{ deadlocks: number }>('select deadlocks from pg_stat_database where datname = current_database()');
  return row?.deadlocks ?? NaN;
}

/** Another order each time, as carts have it. */
const basket = (turn: number): string[] => [...ITEMS].sort((a, b) => ((ITEMS.indexOf(a) * 7 + turn * 13) % 40) - ((ITEMS.indexOf(b) * 7 + turn * 13) % 40)).slice(0, 15);

describe('publishing and resyncs beside sales and reservations', () => {
  it('never waits in a circle, whatever order items come in', { timeout: 60_000 }, async () => {
    const dirty = stock.app.get(DirtyFigures);
    const channels = await database.query<{ channel_id: number }>('select channel_id from inventory.channel_rule');
    const before = await deadlocks();
    let over = false;
    let settled = 0;
    const publish = async (channel: number): Promise<void> => {
      while (!over) {
        const claim = await dirty.claim(channel, 30);
        if (!claim) await new Promise((resolve) => setTimeout(resolve, 1));
        else {
          await dirty.settle(claim, claim.figures.map(({ item, version }) => ({ item, version, result: 'told', afterMs: 0, note: '' })));
          settled += claim.figures.length;
        }
      }
    };
    const resyncs = stock.app.get(ResyncChannel);
    const resync = async (channel: number): Promise<void> => {
      while (!over) {
        await resyncs.request(channel).catch(() => undefined);
        await resyncs.advance(channel);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    const reserve = async (buyer: number): Promise<void> => {
      for (let turn = 0; turn < 25; turn += 1) {
        const answer = await stock.api('POST', '/api/v1/reservations', { key: `lock-${buyer}-${turn}`, channel: buyer % 2 ? 'web' : 'app', ttlSeconds: 60, lines: basket(buyer * 100 + turn).map((item) => ({ item, quantity: 1 })) });
        expect(answer.status, answer.text).toBe(201);
      }
    };
    const sell = async (till: number): Promise<void> => {
      for (let turn = 0; turn < 40; turn += 1) {
        await stock.move(...basket(till * 50 + turn).map((item) => ({ eventId: `sale-${till}-${turn}`, line: item, kind: 'sale', item, quantity: 1, location: 'dc' })));
      }
    };
    const publishers = channels.flatMap(({ channel_id }) => [publish(channel_id), resync(channel_id)]);
    await Promise.all([...[1, 2, 3, 4].map(reserve), ...[1, 2, 3].map(sell)]);
    over = true;
    await Promise.all(publishers);

    expect(settled).toBeGreaterThan(100);
    // The statistics are written by each session a moment after its transaction.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await deadlocks()).toBe(before);
  });
});
