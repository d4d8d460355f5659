import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ABSENT, startVendure, type Vendure } from './vendure.js';

/** The practice shop itself: that what other tests do with it is what Vendure does. */
describe.skipIf(ABSENT !== undefined)(`the real Vendure as a peer of tests${ABSENT === undefined ? '' : ` (skipped: ${ABSENT})`}`, () => {
  let vendure: Vendure;
  let mug: string;
  let cup: string;

  beforeAll(async () => {
    vendure = await startVendure();
    [mug = '', cup = ''] = await vendure.addProducts([
      { sku: 'MUG', levels: [{ locationId: '1', onHand: 40 }] },
      { sku: 'CUP', levels: [{ locationId: '1', onHand: 10 }] },
    ]);
  });

  afterAll(() => vendure?.stop());

  const level = async (variantId: string) => (await vendure.shop.levels(variantId))[0];

  it('sells, settles, ships a part, cancels shipped and unshipped units, and refunds', async () => {
    const order = await vendure.shop.buy({ lines: [{ variantId: mug, quantity: 6 }, { variantId: cup, quantity: 1 }], pay: 'authorise' });
    expect(order).toMatchObject({ state: 'PaymentAuthorized', lines: [{ variantId: mug, quantity: 6 }, { variantId: cup, quantity: 1 }] });
    expect(await level(mug)).toEqual({ locationId: '1', onHand: 40, allocated: 6 });
    await vendure.shop.settle(order);
    const orderLineId = order.lines[0]?.orderLineId ?? '';
    await vendure.shop.ship(order, [{ orderLineId, quantity: 4 }]);
    expect(await level(mug)).toEqual({ locationId: '1', onHand: 36, allocated: 2 });
    await vendure.shop.refund(order, 100);
    await vendure.shop.cancel(order, [{ orderLineId, quantity: 1 }]);
    // Of a line that was shipped in part, one cancelled unit comes back twice: Vendure counts it as shipped and as allocated.
    expect(await level(mug)).toEqual({ locationId: '1', onHand: 37, allocated: 1 });
    await vendure.shop.cancel(order);
    expect(await level(cup)).toEqual({ locationId: '1', onHand: 10, allocated: 0 });
  });

  it('changes an order that was placed', async () => {
    const before = await level(cup);
    const order = await vendure.shop.buy({ lines: [{ variantId: cup, quantity: 2 }] });
    const orderLineId = order.lines[0]?.orderLineId ?? '';
    await vendure.shop.modify(order, { adjust: [{ orderLineId, quantity: 3 }], add: [{ productVariantId: mug, quantity: 1 }] });
    expect((await level(cup))?.allocated).toBe((before?.allocated ?? 0) + 3);
    await vendure.shop.modify(order, { adjust: [{ orderLineId, quantity: 1 }] });
    expect((await level(cup))?.allocated).toBe((before?.allocated ?? 0) + 1);
  });

  it('sells nothing that it does not have, and no part of such an order', async () => {
    const before = await level(cup);
    await expect(vendure.shop.buy({ lines: [{ variantId: cup, quantity: 600 }] })).rejects.toThrow(/InsufficientStockError/);
    expect(await level(cup)).toEqual(before);
    await vendure.shop.buy({ lines: [{ variantId: cup, quantity: 1 }] });
    expect((await level(cup))?.allocated).toBe((before?.allocated ?? 0) + 1);
  });
});
