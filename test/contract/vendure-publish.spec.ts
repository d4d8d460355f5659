import type { InventoryFigure } from '@crossdock/connector-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/core/connector/connection.js';
import type { PlacedOrder } from '../peers/vendure/customer.js';
import { ABSENT, startVendure, type Vendure } from '../peers/vendure/vendure.js';
import { MeddlingProxy } from './vendure/meddling-proxy.js';
import { freshVariants, Reader, STAFF, startWalledShop, type WalledShop } from './vendure/walled-shop.js';

const figure = (variantId: string, available: number, version = 1): InventoryFigure => ({ item: { type: 'variant', id: variantId }, available, version });

describe.skipIf(ABSENT !== undefined)(`publishing to a real Vendure, behind the wall${ABSENT === undefined ? '' : ` (skipped: ${ABSENT})`}`, () => {
  let vendure: Vendure;
  let proxy: MeddlingProxy;
  let hub: WalledShop;
  let connection: Connection;
  let next: () => string;

  beforeAll(async () => {
    [vendure, hub] = await Promise.all([startVendure(), startWalledShop()]);
    proxy = new MeddlingProxy(vendure.url);
    const url = await proxy.start();
    next = await freshVariants(vendure, 180);
    connection = await hub.connect(url);
  });
  afterAll(async () => {
    await hub?.stop();
    proxy?.stop();
    await vendure?.stop();
  });

  const publish = (...figures: InventoryFigure[]) => hub.publish(connection, ...figures);
  const level = async (variantId: string) => (await vendure.shop.levels(variantId)).find(({ locationId }) => locationId === '1');
  const adjustments = async (variantId: string): Promise<number> =>
    (await vendure.shop.admin.ask<{ productVariant: { stockMovements: { totalItems: number } } }>('query ($id: ID!) { productVariant(id: $id) { stockMovements(options: { type: ADJUSTMENT }) { totalItems } } }', { id: variantId })).productVariant.stockMovements.totalItems;

  it('says who it is and where it publishes, and signs in once for all', async () => {
    expect((await hub.admin('POST', `/admin/v1/connections/${connection.id}/test`)).body).toMatchObject({ ok: true, detail: 'Channel __default_channel__, publishing to Default Stock Location' });
    await Promise.all(Array.from({ length: 4 }, () => hub.host.checkHealth(connection)));
    expect(proxy.count('CrossdockLogin')).toBe(1);
  });

  it('makes what the shop can sell the figure, whatever is allocated or kept back', async () => {
    const [held = ''] = await vendure.addProducts([{ sku: 'HELD', levels: [{ locationId: '1', onHand: 50 }], outOfStockThreshold: 3 }]);
    const mug = next();
    await vendure.shop.buy({ lines: [{ variantId: mug, quantity: 6 }, { variantId: held, quantity: 2 }] });
    expect(await publish(figure(mug, 10), figure(held, 4))).toEqual([{ kind: 'applied' }, { kind: 'applied' }]);
    expect([await level(mug), await level(held)]).toEqual([{ locationId: '1', onHand: 16, allocated: 6 }, { locationId: '1', onHand: 9, allocated: 2 }]);
    for (const [variantId, units] of [[mug, 10], [held, 4]] as const) {
      await expect(vendure.shop.buy({ lines: [{ variantId, quantity: units + 1 }] })).rejects.toThrow(/InsufficientStockError/);
      await vendure.shop.buy({ lines: [{ variantId, quantity: units }] });
    }
    expect(await publish(figure(mug, -2, 2))).toEqual([{ kind: 'applied' }]);
    expect(await level(mug)).toEqual({ locationId: '1', onHand: 14, allocated: 16 });
  });

  it('twice has one effect', async () => {
    const mug = next();
    expect(await publish(figure(mug, 7))).toEqual([{ kind: 'applied' }]);
    const before = await adjustments(mug);
    expect(await publish(figure(mug, 7))).toEqual([{ kind: 'unchanged' }]);
    expect([await adjustments(mug), (await level(mug))?.onHand]).toEqual([before, 7]);
  });

  it('isolates what the shop does not have or does not count, and tells a figure that a newer one overtook', async () => {
    const [endless = ''] = await vendure.addProducts([{ sku: 'GIFT', trackInventory: 'FALSE' }]);
    const mug = next();
    const results = await publish(figure(mug, 3, 1), figure('424242', 5), figure(endless, 5), { ...figure('1', 5), item: { type: 'sku', id: 'SKU-1' } }, figure(mug, 4, 2), figure(next(), 3_000_000_000));
    expect(results.map((result) => (result.kind === 'rejected' ? result.code : result.kind))).toEqual(['stale', 'UNKNOWN_VARIANT', 'NOT_TRACKED', 'NOT_A_VARIANT', 'applied', 'INVALID_QUANTITY']);
    expect((await level(mug))?.onHand).toBe(4);
  });

  it('finds a variant that was deleted while its batch was on the way', async () => {
    const [mug, gone] = [next(), next()];
    proxy.meddlings.push({ operation: 'CrossdockSetStockOnHand', before: () => vendure.shop.admin.ask('mutation ($id: ID!) { deleteProductVariant(id: $id) { result } }', { id: gone }) });
    expect((await publish(figure(mug, 5), figure(gone, 5))).map((result) => (result.kind === 'rejected' ? result.code : result.kind))).toEqual(['applied', 'UNKNOWN_VARIANT']);
  });

  it('goes in batches of a hundred', async () => {
    const many = Array.from({ length: 150 }, next);
    proxy.calls.length = 0;
    const results = await publish(...many.map((variantId, index) => figure(variantId, index)));
    expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(['applied', 'unchanged']));
    expect([proxy.count('CrossdockStockLevels'), proxy.count('CrossdockSetStockOnHand')]).toEqual([2, 2]);
    expect((await level(many[149] ?? ''))?.onHand).toBe(149);
  });

  it('makes the sum over the channel’s locations the figure, and takes from another only what is free beyond it', async () => {
    const other = await vendure.shop.addLocation('Store 001');
    const [mug = ''] = await vendure.addProducts([{ sku: 'STORE', levels: [{ locationId: other, onHand: 5 }] }]);
    const stock = async (): Promise<number[][]> => (await vendure.shop.levels(mug)).sort((a, b) => a.locationId.localeCompare(b.locationId)).map(({ onHand, allocated }) => [onHand, allocated]);
    const buy = (quantity: number): Promise<PlacedOrder> => vendure.shop.buy({ lines: [{ variantId: mug, quantity }] });
    expect(await publish(figure(mug, 8))).toEqual([{ kind: 'applied' }]);
    expect(await stock()).toEqual([[3, 0], [5, 0]]);
    expect(await publish(figure(mug, 8))).toEqual([{ kind: 'unchanged' }]);
    await expect(buy(9)).rejects.toThrow(/InsufficientStockError/);
    // Vendure allocates six units of six at each place that has them: eight, of which the next figure gives two back.
    const order = await buy(6);
    expect(await stock()).toEqual([[3, 3], [5, 5]]);
    expect(await publish(figure(mug, 2, 2))).toEqual([{ kind: 'applied' }]);
    expect(await stock()).toEqual([[5, 3], [5, 5]]);
    await expect(buy(3)).rejects.toThrow(/InsufficientStockError/);
    await vendure.shop.ship(order);
    expect(await publish(figure(mug, 9, 3))).toEqual([{ kind: 'applied' }]);
    await expect(buy(10)).rejects.toThrow(/InsufficientStockError/);
    await vendure.shop.setOnHand(mug, other, 20);
    expect(await publish(figure(mug, 4, 4))).toEqual([{ kind: 'applied' }]);
    const left = await stock();
    expect([left.map(([onHand = 0, allocated = 0]) => onHand - allocated).reduce((a, b) => a + b), left.every(([onHand = 0]) => onHand >= 0)]).toEqual([4, true]);
    expect(await publish(figure(mug, 0, 5))).toEqual([{ kind: 'applied' }]);
    await expect(buy(1)).rejects.toThrow(/InsufficientStockError/);
    expect((await hub.admin('POST', `/admin/v1/connections/${connection.id}/test`)).body).toMatchObject({ ok: true, detail: expect.stringMatching(/sells from 1 more/) });
  });

  it('is not fooled by a parcel that is sent between reading and writing', async () => {
    const cup = next();
    const order = await vendure.shop.buy({ lines: [{ variantId: cup, quantity: 4 }] });
    proxy.meddlings.push({ operation: 'CrossdockSetStockOnHand', before: () => vendure.shop.ship(order) });
    expect(await publish(figure(cup, 10))).toEqual([{ kind: 'applied' }]);
    expect(await level(cup)).toEqual({ locationId: '1', onHand: 10, allocated: 0 });
  });

  describe('while the hub has not read all orders', () => {
    const orders = async (): Promise<Reader> => {
      const reader = new Reader(hub.host, connection);
      await reader.catchUp();
      return reader;
    };
    const on = (reader: Reader, ...figures: InventoryFigure[]) => hub.publishOn({ feeds: { orders: reader.cursor } }, connection, ...figures);
    const sellable = async (variantId: string): Promise<number> => {
      const { onHand, allocated } = (await level(variantId)) ?? { onHand: 0, allocated: 0 };
      return onHand - allocated;
    };

    it('hands no unit out twice, says that it will be back, and is exact once they are read', async () => {
      const [mug, cup] = [next(), next()];
      const reader = await orders();
      const order = await vendure.shop.buy({ lines: [{ variantId: mug, quantity: 4 }], pay: 'authorise' });
      // Reckoned before the hub heard of the order; of the cup nothing was sold.
      expect(await on(reader, figure(mug, 20), figure(cup, 20))).toEqual([{ kind: 'retry', afterMs: 2_000, reason: expect.stringMatching(/not read of yet/) }, { kind: 'applied' }]);
      expect([await sellable(mug), await sellable(cup)]).toEqual([16, 20]);
      await reader.catchUp();
      expect(await on(reader, figure(mug, 16))).toEqual([{ kind: 'unchanged' }]);
      // What moves no unit is no news: the order is paid.
      await vendure.shop.settle(order);
      expect(await on(reader, figure(mug, 15))).toEqual([{ kind: 'applied' }]);
    });

    it('sees an order that is placed between reading and writing', async () => {
      const mug = next();
      const reader = await orders();
      proxy.meddlings.push({ operation: 'CrossdockSetStockOnHand', before: () => vendure.shop.buy({ lines: [{ variantId: mug, quantity: 3 }] }) });
      expect((await on(reader, figure(mug, 10))).map(({ kind }) => kind)).toEqual(['retry']);
      expect(await sellable(mug)).toBe(7);
    });

    it('sees an order that is placed between reading the levels and the orders', async () => {
      const mug = next();
      const reader = await orders();
      proxy.meddlings.push({ operation: 'CrossdockOrderTimes', before: () => vendure.shop.buy({ lines: [{ variantId: mug, quantity: 3 }] }) });
      expect((await on(reader, figure(mug, 10))).map(({ kind }) => kind)).toEqual(['retry']);
      expect(await sellable(mug)).toBe(7);
    });

    it('gives the shop less but never more while it cannot tell what was sold', async () => {
      const mug = next();
      const blind = (available: number) => hub.publishOn({ feeds: { orders: null } }, connection, figure(mug, available));
      expect([(await blind(70)).map(({ kind }) => kind), await sellable(mug)]).toEqual([['retry'], 50]);
      expect([(await blind(30)).map(({ kind }) => kind), await sellable(mug)]).toEqual([['retry'], 30]);
    });
  });

  it.each([
    ['a lost answer', (response: { destroy(): unknown }) => void response.destroy()],
    ['half an answer', (response: { end(text: string): unknown }, answer: string) => void response.end(answer.slice(0, 40))],
    ['a page of a proxy', (response: { end(text: string): unknown }) => void response.end('<html>')],
  ])('is ambiguous after %s, and the repeat has no second effect', async (_what, after) => {
    const mug = next();
    proxy.meddlings.push({ operation: 'CrossdockSetStockOnHand', after });
    expect((await publish(figure(mug, 9))).map(({ kind }) => kind)).toEqual(['ambiguous']);
    const before = await adjustments(mug);
    expect(await publish(figure(mug, 9))).toEqual([{ kind: 'unchanged' }]);
    expect(await adjustments(mug)).toBe(before);
  });

  it('comes again later when the shop is busy', async () => {
    const mug = next();
    proxy.meddlings.push({ operation: 'CrossdockStockLevels', instead: (response) => void response.writeHead(503).end('busy') });
    expect((await publish(figure(mug, 9))).map(({ kind }) => kind)).toEqual(['retry']);
    proxy.meddlings.push({ operation: 'CrossdockSetStockOnHand', instead: (response) => void response.end('{"errors":[{"message":"database is locked","extensions":{"code":"INTERNAL_SERVER_ERROR"}}],"data":null}') });
    expect((await publish(figure(mug, 9))).map(({ kind }) => kind)).toEqual(['ambiguous']);
    expect((await publish(figure(mug, 9))).map(({ kind }) => kind)).toEqual(['applied']);
  });

  it('signs in anew, once, when its session is over', async () => {
    const staff = await vendure.shop.addStaff('hub@example.test', ['ReadOrder', 'ReadCatalog', 'UpdateCatalog']);
    const own = await hub.connect(connection.config['shopUrl'] as string, { credentials: staff });
    const [mug, cup] = [next(), next()];
    expect(await hub.publish(own, figure(mug, 1))).toEqual([{ kind: 'applied' }]);
    await vendure.endSessions(staff.username);
    proxy.calls.length = 0;
    expect(await Promise.all([hub.publish(own, figure(mug, 2)), hub.publish(own, figure(cup, 3))])).toEqual([[{ kind: 'applied' }], [{ kind: 'applied' }]]);
    expect(proxy.count('CrossdockLogin')).toBe(1);
  });

  it('waits for a person when it may not, when it is not let in, and when the location or the channel is not there', async () => {
    const url = connection.config['shopUrl'] as string;
    const kindOf = async (wish: Parameters<WalledShop['connect']>[1]) => {
      const made = await hub.connect(url, wish);
      const test = (await hub.admin('POST', `/admin/v1/connections/${made.id}/test`)).body;
      return [test['ok'], test['kind'], test['detail']];
    };
    const reader = await vendure.shop.addStaff('reader@example.test', ['ReadCatalog']);
    expect(await kindOf({ credentials: reader })).toEqual([false, 'permission', expect.stringMatching(/lacks ReadOrder, UpdateCatalog or UpdateProduct/)]);
    await expect(hub.publish(await hub.connect(url, { credentials: reader }), figure(next(), 1))).rejects.toMatchObject({ code: 'CONNECTION_REFUSED', details: { facts: { kind: 'permission' } } });
    expect(await kindOf({ credentials: { ...STAFF, password: 'wrong' } })).toEqual([false, 'auth_revoked', expect.any(String)]);
    expect(await kindOf({ config: { locationId: '99' } })).toEqual([false, 'config', expect.stringMatching(/no stock location 99/)]);
    expect(await kindOf({ config: { channelToken: 'nobody' } })).toEqual([false, 'config', expect.any(String)]);
    expect(await kindOf({ config: { adminApiPath: 'elsewhere' } })).toEqual([false, expect.any(String), expect.any(String)]);
    await expect(hub.publish(await hub.connect(url, { config: { locationId: '99' } }), figure(next(), 1))).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' });
  });

  it('begins to read by the shop\'s clock, so that a hub that is ahead misses no order', async () => {
    proxy.meddlings.push({ operation: 'CrossdockWhoAmI', instead: (response) => void response.writeHead(200, { date: 'Mon, 02 Nov 2026 10:00:00 GMT' }).end('{"data":{"me":{"id":"1"}}}') });
    const { nextCursor } = await hub.host.pollFeed(connection, { feed: 'orders', cursor: null, limit: 1 });
    expect(proxy.calls.at(-1)).toMatchObject({ operation: 'CrossdockPlacedOrders', variables: { after: '2026-11-02T09:59:59.999Z' } });
    expect(JSON.parse(nextCursor)).toMatchObject({ turn: 'placed', placed: { given: 1 } });
  });

  it('knows the shop’s variants and locations, page by page', async () => {
    const items = [];
    for (let cursor: string | null = null, done = false; !done; ) {
      const page = await hub.host.listItems(connection, { cursor, limit: 50 });
      items.push(...page.entries);
      cursor = page.nextCursor;
      done = cursor === null;
    }
    expect(items.length).toBeGreaterThanOrEqual(182);
    expect(new Set(items.map(({ ref }) => ref.id)).size).toBe(items.length);
    expect(items.find(({ sku }) => sku === 'SKU-3')).toEqual({ ref: { type: 'variant', id: expect.any(String), sku: 'SKU-3' }, name: 'SKU-3', sku: 'SKU-3', active: true });
    expect((await hub.host.listLocations(connection, { cursor: null, limit: 50 })).entries[0]).toEqual({ ref: { type: 'location', id: '1' }, name: 'Default Stock Location' });
  });
});
