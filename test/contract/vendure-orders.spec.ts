import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ABSENT, startVendure, type Vendure } from '../peers/vendure/vendure.js';
import { freshVariants, Reader, startWalledShop, type WalledShop } from './vendure/walled-shop.js';

describe.skipIf(ABSENT !== undefined)(`orders of a real Vendure, behind the wall${ABSENT === undefined ? '' : ` (skipped: ${ABSENT})`}`, () => {
  let vendure: Vendure;
  let hub: WalledShop;
  let next: () => string;

  beforeAll(async () => {
    [vendure, hub] = await Promise.all([startVendure(), startWalledShop()]);
    next = await freshVariants(vendure, 40);
  });
  afterAll(async () => {
    await hub?.stop();
    await vendure?.stop();
  });

  const reader = async (): Promise<Reader> => new Reader(hub.host, await hub.connect(vendure.url, { config: { ordersSince: '2020-01-01T00:00:00Z' } }));

  it('are sales once they are placed, and no sooner, whatever becomes of payment and parcel', async () => {
    const [mug, cup] = [next(), next()];
    const orders = await reader();
    const order = await vendure.shop.buy({ lines: [{ variantId: mug, quantity: 6 }, { variantId: cup, quantity: 1 }], pay: 'authorise' });
    await orders.catchUp();
    expect([orders.net(mug), orders.net(cup)]).toEqual([6, 1]);
    const [fact] = [...orders.facts.values()].filter(({ item }) => item.id === mug);
    expect(fact).toMatchObject({ kind: 'StockMoved', movement: 'sale', eventId: `order/${order.id}`, line: order.lines[0]?.orderLineId, item: { type: 'variant', id: mug, sku: expect.stringMatching(/^SKU-/) }, location: { type: 'location', id: '1' } });
    expect(Math.abs(Date.parse(fact?.occurredAt ?? '') - Date.now())).toBeLessThan(30_000);
    const { size } = orders.records;
    await expect(vendure.shop.buy({ lines: [{ variantId: mug, quantity: 600 }] })).rejects.toThrow(/InsufficientStockError/);
    await vendure.shop.settle(order);
    await vendure.shop.ship(order, [{ orderLineId: order.lines[0]?.orderLineId ?? '', quantity: 4 }]);
    await vendure.shop.refund(order, 50);
    await orders.catchUp();
    expect([orders.records.size, orders.net(mug)]).toEqual([size, 6]);
  });

  it('give back what is cancelled, once, also of a line that was shipped in part', async () => {
    const mug = next();
    const orders = await reader();
    const order = await vendure.shop.buy({ lines: [{ variantId: mug, quantity: 6 }] });
    const orderLineId = order.lines[0]?.orderLineId ?? '';
    await vendure.shop.ship(order, [{ orderLineId, quantity: 4 }]);
    await vendure.shop.cancel(order, [{ orderLineId, quantity: 1 }]);
    await orders.catchUp();
    expect(orders.net(mug)).toBe(5);
    await vendure.shop.cancel(order, [{ orderLineId, quantity: 2 }]);
    await orders.catchUp();
    expect(orders.net(mug)).toBe(3);
    await vendure.shop.cancel(order);
    await orders.catchUp();
    expect(orders.net(mug)).toBe(0);
    expect([...orders.facts.values()].filter(({ item, movement }) => item.id === mug && movement === 'return').map(({ quantity }) => quantity)).toEqual([1, 2, 3]);
    expect(orders.failures).toEqual([]);
  });

  it('follow every modification, also where the shop notes the wrong number for units added to a line', async () => {
    const [mug, cup] = [next(), next()];
    const [live, late] = [await reader(), await reader()];
    const order = await vendure.shop.buy({ lines: [{ variantId: mug, quantity: 6 }] });
    const orderLineId = order.lines[0]?.orderLineId ?? '';
    await live.catchUp();
    const steps: [number, number, Parameters<Vendure['shop']['modify']>[1]][] = [
      [8, 0, { add: [{ productVariantId: mug, quantity: 2 }] }],
      [9, 3, { adjust: [{ orderLineId, quantity: 9 }], add: [{ productVariantId: cup, quantity: 3 }] }],
      [4, 3, { adjust: [{ orderLineId, quantity: 4 }] }],
      [7, 3, { add: [{ productVariantId: mug, quantity: 3 }] }],
    ];
    for (const [mugs, cups, change] of steps) {
      await vendure.shop.modify(order, change);
      await live.catchUp();
      expect([live.net(mug), live.net(cup), live.failures]).toEqual([mugs, cups, []]);
    }
    // Whoever reads the order only now books the same facts under the same keys.
    await late.catchUp();
    const ofOrder = (one: Reader) => [...one.facts].filter(([, { item }]) => item.id === mug || item.id === cup).sort();
    expect(ofOrder(late)).toEqual(ofOrder(live));
  });


  it('come whole and once however small the pages are, though many changed within one second', async () => {
    const mug = next();
    const orders = await reader();
    const bought = await Promise.all(Array.from({ length: 12 }, () => vendure.shop.buy({ lines: [{ variantId: mug, quantity: 1 }] })));
    const told: string[] = [];
    for (let hasMore = true; hasMore; ) {
      const page = await orders.page(1);
      expect(page.records.length).toBeLessThanOrEqual(1);
      told.push(...page.records.map(({ id }) => id));
      hasMore = page.hasMore;
    }
    // Once by when they were placed, once by when they changed.
    expect(told.length).toBeLessThanOrEqual(2 * new Set(told).size);
    expect(told.map((id) => id.split('/')[1])).toEqual(expect.arrayContaining(bought.map(({ id }) => id)));
    expect(orders.net(mug)).toBe(12);
  });

  it('are read although they were placed long after the shop stamped their last change', async () => {
    const mug = next();
    const orders = await reader();
    await vendure.shop.buy({ lines: [{ variantId: mug, quantity: 1 }] });
    await orders.catchUp();
    // A customer looks for her card: being placed is a change of state, which Vendure does not stamp.
    const { id } = await vendure.shop.buy({ lines: [{ variantId: mug, quantity: 2 }], beforePaying: () => vendure.ageBaskets() });
    const { order } = await vendure.shop.admin.ask<{ order: { updatedAt: string } }>('query ($id: ID!) { order(id: $id) { updatedAt } }', { id });
    expect(Date.parse(order.updatedAt)).toBeLessThan(Date.now() - 3_000_000);
    await orders.catchUp();
    expect(orders.net(mug)).toBe(3);
  });

  it('are read on after a crash between two pages, and again from the same cursor, with the same records', async () => {
    const mug = next();
    await Promise.all(Array.from({ length: 5 }, () => vendure.shop.buy({ lines: [{ variantId: mug, quantity: 2 }] })));
    const orders = await reader();
    const first = await orders.page(3);
    const lost = await orders.page(3);
    orders.cursor = first.nextCursor;
    expect((await orders.page(3)).records).toEqual(lost.records);
    await orders.catchUp(2);
    expect([orders.net(mug), orders.failures]).toEqual([10, []]);
  });

  it('from before the connection was made are left alone, but for what is changed afterwards', async () => {
    const [mug, cup] = [next(), next()];
    const old = await vendure.shop.buy({ lines: [{ variantId: mug, quantity: 2 }] });
    const since = new Date(Date.now() + 2_000).toISOString();
    const orders = new Reader(hub.host, await hub.connect(vendure.url, { config: { ordersSince: since } }));
    await orders.catchUp();
    expect(orders.records.size).toBe(0);
    await expect.poll(async () => {
      await vendure.shop.buy({ lines: [{ variantId: cup, quantity: 1 }] });
      await orders.catchUp();
      return orders.net(cup);
    }, { timeout: 20_000 }).toBeGreaterThan(0);
    await vendure.shop.cancel(old);
    await orders.catchUp();
    expect([...orders.facts.values()].filter(({ item }) => item.id === mug).map(({ movement, quantity }) => [movement, quantity])).toEqual([['sale', 2], ['return', 2]]);
  });

  it('are read by a cursor that is refused when it is none of its own', async () => {
    const orders = await reader();
    orders.cursor = '{"at":"yesterday"}';
    await expect(orders.page()).rejects.toMatchObject({ details: { facts: { kind: 'config' } } });
  });
});
