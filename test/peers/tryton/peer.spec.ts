import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRYTON_ABSENT } from './installed.js';
import { PLACES, type Warehouse } from './retailer.js';
import { startTryton, TRYTON_START_MS, TRYTON_TEST_MS, type TrytonPeer } from './start-tryton.js';
import { HUB_USER } from './template.js';

const WHEN = TRYTON_ABSENT === undefined ? 'a real Tryton' : `a real Tryton (skipped: ${TRYTON_ABSENT})`;

describe.skipIf(TRYTON_ABSENT !== undefined)(WHEN, { timeout: TRYTON_TEST_MS }, () => {
  let peer: TrytonPeer;
  let store: Warehouse;
  let mug = 0;

  beforeAll(async () => {
    peer = await startTryton();
    store = await peer.retailer.addWarehouse({ name: 'Store 1', code: 'S1' });
    [mug] = (await peer.retailer.addProducts([{ code: 'MUG', ean: '4006381333931' }])) as [number];
  }, TRYTON_START_MS);
  afterAll(() => peer?.stop());

  const figures = async (): Promise<Record<string, number | undefined>> => ({
    dc: (await peer.retailer.quantities(PLACES.storage)).get(mug),
    store: (await peer.retailer.quantities(store.storageId)).get(mug),
  });

  it('keeps stock by location through counts, transfers, deliveries, sales and returns', async () => {
    const { retailer } = peer;
    const dc: Warehouse = { id: PLACES.warehouse, inputId: PLACES.input, outputId: PLACES.output, storageId: PLACES.storage };
    await retailer.count(PLACES.storage, [{ product: mug, quantity: 100 }]);
    await retailer.transfer(PLACES.storage, store.storageId, [{ product: mug, quantity: 30 }]);
    expect(await figures()).toEqual({ dc: 70, store: 30 });
    await retailer.receive(dc, [{ product: mug, quantity: 5 }]);
    await retailer.ship(store, [{ product: mug, quantity: 4 }]);
    expect(await figures()).toEqual({ dc: 75, store: 26 });
    await retailer.takeBack(store, [{ product: mug, quantity: 1 }]);
    await retailer.move(PLACES.storage, PLACES.lostFound, { product: mug, quantity: 2 });
    await retailer.count(store.storageId, [{ product: mug, quantity: 25 }]);
    expect(await figures()).toEqual({ dc: 73, store: 25 });
  });

  it('keeps stock and sessions over a kill, and comes back at the same address', async () => {
    const before = await figures();
    await peer.restart('SIGKILL');
    expect(await figures()).toEqual(before);
  });

  it('knows the hub as a user of its own, who may do nothing but stock', async () => {
    const hub = await peer.login(HUB_USER);
    expect(await hub.call('model.stock.move.search_count', [[]])).toBeGreaterThan(0);
    await expect(hub.call('model.stock.location.create', [[{ name: 'x', type: 'storage' }]])).rejects.toThrow('UserError');
    await expect(peer.login(HUB_USER, 'wrong')).rejects.toThrow('HTTP 401');
  });
});
