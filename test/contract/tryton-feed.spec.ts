import type { CanonicalEvent } from '@crossdock/connector-sdk';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/core/connector/connection.js';
import { TRYTON_ABSENT } from '../peers/tryton/installed.js';
import { PLACES, type Warehouse } from '../peers/tryton/retailer.js';
import { HUB_USER, PASSWORD } from '../peers/tryton/template.js';
import { startTryton, TRYTON_START_MS, TRYTON_TEST_MS, type TrytonPeer } from '../peers/tryton/start-tryton.js';
import { startWalledTryton, type WalledTryton } from './tryton/walled-tryton.js';

const WHAT = 'stock moves of a real Tryton';

describe.skipIf(TRYTON_ABSENT !== undefined)(TRYTON_ABSENT === undefined ? WHAT : `${WHAT} (skipped: ${TRYTON_ABSENT})`, { timeout: TRYTON_TEST_MS }, () => {
  let peer: TrytonPeer;
  let wall: WalledTryton;
  let connection: Connection;
  let store: Warehouse;
  let products: number[];
  const dc: Warehouse = { id: PLACES.warehouse, inputId: PLACES.input, outputId: PLACES.output, storageId: PLACES.storage };
  const product = (index: number): number => products[index] as number;

  beforeAll(async () => {
    wall = await startWalledTryton();
    peer = await startTryton();
    store = await peer.retailer.addWarehouse({ name: 'Store 1', code: 'S1' });
    products = await peer.retailer.addProducts([{ code: 'MUG', ean: '4006381333931' }, { code: 'TRAY' }, { code: 'LAMP' }]);
    connection = await wall.connect('erp', peer.url);
  }, TRYTON_START_MS);
  afterAll(async () => {
    await wall?.stop();
    await peer?.stop();
  });

  /** `kind item@place quantity`, as far as events are concerned. */
  const told = async (records: Parameters<WalledTryton['read']>[1]): Promise<string[]> =>
    (await wall.read(connection, records)).map((one) => {
      const event = one as CanonicalEvent;
      if (event.kind !== 'StockMoved') return JSON.stringify(one);
      return `${event.movement} ${event.item.sku}@${event.location.id === String(dc.id) ? 'dc' : event.location.id === String(store.id) ? 'store' : event.location.id} ${event.quantity}`;
    });

  it('tell what happened at each warehouse, by the documents that moved it', async () => {
    const { retailer } = peer;
    const { cursor } = await wall.drain(connection);
    const line = (index: number, quantity: number) => ({ product: product(index), quantity });
    const steps: [string, () => Promise<unknown>, string[]][] = [
      ['a count finds goods', () => retailer.count(dc.storageId, [line(0, 100), line(1, 40)]), ['adjustment MUG@dc 100', 'adjustment TRAY@dc 40']],
      ['a count misses goods', () => retailer.count(dc.storageId, [line(1, 38)]), ['adjustment TRAY@dc -2']],
      ['a transfer', () => retailer.transfer(dc.storageId, store.storageId, [line(0, 30)]), ['adjustment MUG@dc -30', 'adjustment MUG@store 30']],
      ['a delivery', () => retailer.receive(dc, [line(2, 12)]), ['receipt LAMP@dc 12']],
      ['a sale', () => retailer.ship(store, [line(0, 4)]), ['sale MUG@store 4']],
      ['a return', () => retailer.takeBack(store, [line(0, 1)]), ['return MUG@store 1']],
      ['a loss', () => retailer.move(dc.storageId, PLACES.lostFound, line(2, 1)), ['adjustment LAMP@dc -1']],
      ['a move within a warehouse', () => retailer.move(dc.inputId, dc.outputId, line(2, 1)), []],
    ];
    const seen = new Set<string>();
    let at = cursor;
    for (const [step, act, expected] of steps) {
      await act();
      const page = await wall.drain(connection, at);
      expect(await told(page.records.filter(({ id }) => !seen.has(id))), step).toEqual(expected);
      for (const { id } of page.records) seen.add(id);
      at = page.cursor;
    }
  });

  it('name products, places, the moment and the move', async () => {
    const { records } = await wall.drain(connection);
    const [first] = (await wall.read(connection, records)) as CanonicalEvent[];
    expect(first).toMatchObject({
      kind: 'StockMoved', eventId: expect.stringMatching(/^move\/\d+$/) as string, line: 'in', item: { type: 'product', id: String(product(0)), sku: 'MUG' },
      location: { type: 'location', id: String(dc.id) }, occurredAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
    });
    expect(Math.abs(Date.parse((first as { occurredAt: string }).occurredAt) - Date.now())).toBeLessThan(300_000);
  });

  it('come in the same order and with the same content in pages of any size, also where a page ends among moves of one transaction', async () => {
    const database = new DatabaseSync(peer.databaseFile);
    database.exec('update stock_move set write_date = (select min(write_date) from stock_move where id > 3) where id between 4 and 8');
    database.close();
    const whole = await wall.drain(connection);
    expect(whole.records.length).toBeGreaterThan(7);
    expect(new Set(whole.records.map(({ body }) => (JSON.parse(body) as { writtenAt: string }).writtenAt)).size).toBeLessThan(whole.records.length);
    for (const limit of [1, 3]) {
      const paged = await wall.drain(connection, null, limit);
      expect(paged.records).toEqual(whole.records);
      // A page that is asked for again after a crash is the same page.
      for (const page of paged.pages.slice(0, 3)) {
        const again = await wall.host.pollFeed(connection, { feed: 'stock-moves', cursor: page.nextCursor, limit });
        expect(again.records).toEqual(paged.pages[paged.pages.indexOf(page) + 1]?.records ?? []);
      }
    }
    const at = whole.cursor;
    expect((await wall.drain(connection, at)).pages[0]?.hasMore).toBe(false);
  });

  it('that are committed late, with an earlier time than what was read already, are read all the same', async () => {
    const before = await wall.drain(connection);
    const known = new Set(before.records.map(({ id }) => id));
    const late = await peer.retailer.move(PLACES.lostFound, dc.storageId, { product: product(1), quantity: 3 });
    await peer.retailer.move(PLACES.lostFound, dc.storageId, { product: product(1), quantity: 5 });
    // As PostgreSQL would show it: the transaction began, and stamped its rows, twenty seconds ago.
    const database = new DatabaseSync(peer.databaseFile);
    database.prepare("update stock_move set write_date = strftime('%Y-%m-%d %H:%M:%f000', write_date, '-20 seconds') where id = ?").run(late);
    database.close();
    const { records } = await wall.drain(connection, before.cursor);
    expect(records.filter(({ id }) => !known.has(id)).map(({ id }) => id)).toContain(`move/${late}`);
  });

  it('are told whoever did them, also under the hub\'s own login: by the mark alone it knows its own', async () => {
    const before = await wall.drain(connection);
    const asHub = await peer.login(HUB_USER);
    const [move] = (await asHub.call<number[]>('model.stock.move.create', [[{ product: product(2), quantity: 2, uom: 1, from_location: PLACES.lostFound, to_location: dc.storageId, company: asHub.company }]])) as [number];
    await asHub.call('model.stock.move.do', [[move]]);
    const once = await wall.drain(connection, before.cursor);
    expect(once.records.map(({ id }) => id)).toContain(`move/${move}`);
    // It is no news any more, and is not read again within the overlap, where those of others are.
    expect((await wall.drain(connection, once.cursor)).records.map(({ id }) => id)).not.toContain(`move/${move}`);
  });

  it('keep one id for ever: a move whose cost is put right later is no new move', async () => {
    const before = await wall.drain(connection);
    const move = await peer.retailer.move(PLACES.lostFound, dc.storageId, { product: product(1), quantity: 1 });
    const once = await wall.drain(connection, before.cursor);
    await peer.retailer.rpc.call('model.stock.move.write', [[move], { cost_price: { __class__: 'Decimal', decimal: '1.25' } }]);
    const again = await wall.drain(connection, once.cursor);
    expect(again.records.map(({ id }) => id)).toContain(`move/${move}`);
    expect(await told(again.records.filter(({ id }) => id === `move/${move}`))).toEqual(['adjustment TRAY@dc 1']);
  });

  it('in other units count in the product\'s own, and fractions of it fail visibly', async () => {
    const { rpc } = peer.retailer;
    const [unit, kilogram, gram] = await Promise.all(['Unit', 'Kilogram', 'Gram'].map(async (name) => (await rpc.call<number[]>('model.product.uom.search', [[['name', '=', name]]]))[0]));
    const [{ category } = { category: 0 }] = await rpc.call<{ category: number }[]>('model.product.uom.read', [[unit], ['category']]);
    const [dozen] = await rpc.call<number[]>('model.product.uom.create', [[{ name: 'Dozen', symbol: 'dz', category, factor: 12, rate: 0.083333333333, rounding: 1, digits: 0 }]]);
    const [flour] = await peer.retailer.addProducts([{ code: 'FLOUR', uom: kilogram as number }]);
    const before = await wall.drain(connection);
    const known = new Set(before.records.map(({ id }) => id));
    await peer.retailer.move(PLACES.lostFound, dc.storageId, { product: product(0), quantity: 2, uom: dozen as number });
    await peer.retailer.move(PLACES.lostFound, dc.storageId, { product: flour as number, quantity: 3_000, uom: gram as number });
    const half = await peer.retailer.move(PLACES.lostFound, dc.storageId, { product: flour as number, quantity: 500, uom: gram as number });
    const { records } = await wall.drain(connection, before.cursor);
    const news = records.filter(({ id }) => !known.has(id));
    expect(await told(news)).toEqual([
      'adjustment MUG@dc 24', 'adjustment FLOUR@dc 3',
      JSON.stringify({ kind: 'failed', reason: `move ${half} is of 0.5 kg: the hub counts whole units of the product's own unit` }),
    ]);
  });

  it('that were drafted or cancelled tell nothing', async () => {
    const before = await wall.drain(connection);
    const known = new Set(before.records.map(({ id }) => id));
    const { rpc } = peer.retailer;
    const [draft, cancelled] = (await rpc.call<number[]>('model.stock.move.create', [[1, 2].map((quantity) => ({
      product: product(0), quantity, uom: 1, from_location: dc.storageId, to_location: PLACES.lostFound, company: rpc.company,
    }))])) as [number, number];
    await rpc.call('model.stock.move.cancel', [[cancelled]]);
    const then = await wall.drain(connection, before.cursor);
    expect(then.records.filter(({ id }) => !known.has(id))).toEqual([]);
    await rpc.call('model.stock.move.do', [[draft]]);
    const { records } = await wall.drain(connection, then.cursor);
    expect(records.filter(({ id }) => !known.has(id)).map(({ id }) => id)).toEqual([`move/${draft}`]);
  });

  it('list products and places for matching', async () => {
    const items = await wall.host.listItems(connection, { cursor: null, limit: 2 });
    expect(items.entries).toEqual([
      { ref: { type: 'product', id: String(product(0)), sku: 'MUG' }, name: 'MUG', sku: 'MUG', gtins: ['4006381333931'], unit: 'u', active: true },
      { ref: { type: 'product', id: String(product(1)), sku: 'TRAY' }, name: 'TRAY', sku: 'TRAY', gtins: [], unit: 'u', active: true },
    ]);
    const rest = await wall.host.listItems(connection, { cursor: items.nextCursor, limit: 500 });
    expect([rest.entries.map(({ sku }) => sku), rest.nextCursor]).toEqual([['LAMP', 'FLOUR'], null]);
    const locations = await wall.host.listLocations(connection, { cursor: null, limit: 500 });
    expect(locations.entries).toEqual([
      { ref: { type: 'location', id: String(dc.id) }, name: 'Warehouse', code: 'WH', kind: 'warehouse', active: true },
      { ref: { type: 'location', id: String(store.id) }, name: 'Store 1', code: 'S1', kind: 'warehouse', active: true },
    ]);
  });

  describe('behind a connection', () => {
    const test = async (config: Readonly<Record<string, unknown>> = {}, { url = peer.url, password = PASSWORD } = {}): Promise<Readonly<Record<string, unknown>>> => {
      const id = `test-${(tests += 1)}`;
      await wall.connect(id, url, config, password);
      return (await wall.admin('POST', `/admin/v1/connections/${id}/test`)).body as Readonly<Record<string, unknown>>;
    };
    let tests = 0;

    it('that is set up rightly name the company and its places', async () => {
      expect(await test()).toMatchObject({ ok: true, detail: expect.stringMatching(/^Practice Retailer Ltd: 2 places \(Store 1, Warehouse\), \d+ done moves, time zone UTC$/) as string });
    });

    it.each<[string, Readonly<Record<string, unknown>>, object]>([
      ['a user that does not exist', { user: 'nobody' }, { ok: false, kind: 'auth_revoked' }],
      ['a database that does not exist', { database: 'nowhere' }, { ok: false, kind: 'auth_revoked' }],
      ['a company that is not the user\'s', { company: 99 }, { ok: false, kind: 'config' }],
      ['a place that is none', { standaloneLocations: [PLACES.customer] }, { ok: false, kind: 'config', detail: expect.stringContaining('standaloneLocations') as string }],
      ['a location of differences that is none', { differencesLocation: PLACES.storage }, { ok: false, kind: 'config', detail: expect.stringContaining('lost_found') as string }],
      ['a party that is not there', { customerParty: 999 }, { ok: false, kind: 'config', detail: expect.stringContaining('999') as string }],
    ])('are not to be had with %s', async (_, config, answer) => {
      expect(await test(config)).toMatchObject(answer);
    });

    it('are not to be had with a wrong password, or by a user without rights', async () => {
      expect(await test({}, { password: 'wrong' })).toMatchObject({ ok: false, kind: 'auth_revoked' });
      const { rpc } = peer.retailer;
      await rpc.call('model.res.user.create', [[{ name: 'Guest', login: 'guest', password: PASSWORD, companies: [['add', [rpc.company]]], company: rpc.company }]]);
      expect(await test({ user: 'guest' })).toMatchObject({ ok: false, kind: 'permission', detail: expect.stringContaining('not allowed') as string });
    });

    it('wait while the server is away, and go on when it is back', async () => {
      const { cursor } = await wall.drain(connection);
      await peer.down();
      await expect(wall.drain(connection, cursor)).rejects.toMatchObject({ code: 'PLUGIN_FAILED', details: { facts: { kind: 'transient' } } });
      await peer.restart();
      const move = await peer.retailer.move(PLACES.lostFound, dc.storageId, { product: product(0), quantity: 2 });
      expect((await wall.drain(connection, cursor)).records.map(({ id }) => id)).toContain(`move/${move}`);
    });
  });
});
