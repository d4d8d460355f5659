import type { MovementPosting, PostResult, PostingAccount } from '@crossdock/connector-sdk';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/core/connector/connection.js';
import { TRYTON_ABSENT } from '../peers/tryton/installed.js';
import { PLACES, type Warehouse } from '../peers/tryton/retailer.js';
import { trytonDate } from '../peers/tryton/rpc.js';
import { startTryton, TRYTON_START_MS, TRYTON_TEST_MS, type TrytonPeer } from '../peers/tryton/start-tryton.js';
import { FaultyProxy } from './tryton/faulty-proxy.js';
import { startWalledTryton, type WalledTryton } from './tryton/walled-tryton.js';

const WHAT = 'movements posted to a real Tryton';
const CREATE = 'model.stock.shipment.internal.create';

describe.skipIf(TRYTON_ABSENT !== undefined)(TRYTON_ABSENT === undefined ? WHAT : `${WHAT} (skipped: ${TRYTON_ABSENT})`, { timeout: TRYTON_TEST_MS }, () => {
  let peer: TrytonPeer;
  let wall: WalledTryton;
  let proxy: FaultyProxy;
  let connection: Connection;
  let store: Warehouse;
  let mug = 0;
  let tray = 0;
  let connections = 0;
  let keys = 0;
  const dc: Warehouse = { id: PLACES.warehouse, inputId: PLACES.input, outputId: PLACES.output, storageId: PLACES.storage };

  beforeAll(async () => {
    wall = await startWalledTryton();
    peer = await startTryton();
    store = await peer.retailer.addWarehouse({ name: 'Store 1', code: 'S1' });
    [mug, tray] = (await peer.retailer.addProducts([{ code: 'MUG' }, { code: 'TRAY' }])) as [number, number];
  }, TRYTON_START_MS);
  afterAll(async () => {
    await wall?.stop();
    await peer?.stop();
  });
  beforeEach(async () => {
    proxy = new FaultyProxy(peer.url);
    connections += 1;
    connection = await wall.connect(`erp-${connections}`, await proxy.start());
  });
  afterEach(() => proxy.stop());

  const at = (place: Warehouse): PostingAccount => ({ location: { type: 'location', id: String(place.id) }, condition: 'sellable' });
  const posting = (given: Partial<MovementPosting> = {}): MovementPosting => ({
    key: `m${(keys += 1)}`, movement: 'sale', item: { type: 'product', id: String(mug) }, quantity: 1, from: at(dc), to: { virtual: 'customer' }, occurredAt: new Date().toISOString(), ...given,
  });
  const kinds = (results: readonly PostResult[]): string[] => results.map(({ kind }) => kind);
  const stock = async (product = mug): Promise<[dc: number, store: number]> => {
    const [there, here] = await Promise.all([dc, store].map(async ({ storageId }) => (await peer.retailer.quantities(storageId)).get(product) ?? 0));
    return [there as number, here as number];
  };
  const documents = (reference: string): Promise<{ state: string; number: string }[]> =>
    peer.retailer.rpc.call('model.stock.shipment.internal.search_read', [[['reference', '=', reference]], 0, null, null, ['state', 'number']]);

  it('move its stock by place as they move the ledger\'s', async () => {
    const results = await wall.post(
      connection,
      posting({ movement: 'opening', from: { virtual: 'opening' }, to: at(dc), quantity: 100 }),
      posting({ movement: 'receipt', from: { virtual: 'supplier' }, to: at(store), quantity: 20 }),
      posting({ movement: 'transfer', to: at(store), quantity: 30 }),
      posting({ quantity: 7 }),
      posting({ movement: 'return', from: { virtual: 'customer' }, to: at(store), quantity: 2 }),
      posting({ movement: 'damage', from: at(store), to: { virtual: 'loss' }, quantity: 1 }),
      posting({ movement: 'transfer', from: { virtual: 'elsewhere' }, to: at(dc), quantity: 4 }),
      posting({ movement: 'damage', to: { location: { type: 'location', id: String(dc.id) }, condition: 'damaged' }, quantity: 3 }),
    );
    expect(kinds(results)).toEqual([...Array<string>(7).fill('applied'), 'unchanged']);
    expect(await stock()).toEqual([67, 51]);
    expect(await documents(`crossdock:${connection.id}:m1`)).toMatchObject([{ state: 'done', number: (results[0] as { reference?: string }).reference }]);
  });

  it('come back as no facts of the ERP, on this connection', async () => {
    await wall.post(connection, posting({ quantity: 17 }));
    const other = await wall.connect(`erp-${connections}-other`, peer.url);
    const seventeens = async (by: Connection): Promise<number> => (await wall.drain(by)).records.filter(({ body }) => body.includes('"quantity":17,')).length;
    expect([await seventeens(connection), await seventeens(other)]).toEqual([0, 1]);
  });

  it('have one effect when they are posted twice, and find one another within a larger batch', async () => {
    const before = await stock();
    const [one, two, three] = [posting(), posting(), posting()] as const;
    expect(kinds(await wall.post(connection, one, two))).toEqual(['applied', 'applied']);
    const again = await wall.post(connection, one, three, two);
    expect(kinds(again)).toEqual(['duplicate', 'applied', 'duplicate']);
    expect(await stock()).toEqual([before[0] - 3, before[1]]);
  });

  it.each([CREATE, 'model.stock.shipment.internal.assign_force', 'model.stock.shipment.internal.done'])('are ambiguous when the answer to %s is lost, and found afterwards', async (method) => {
    const before = await stock();
    proxy.fail(method, { kind: 'lose' });
    const batch = [posting(), posting()];
    const first = kinds(await wall.post(connection, ...batch));
    // The answer to the last step told nothing that reading the document does not tell.
    expect(first).toEqual(method.endsWith('.done') ? ['applied', 'applied'] : ['ambiguous', 'ambiguous']);
    expect(kinds(await wall.post(connection, ...batch))).toEqual(['duplicate', 'duplicate']);
    expect(await stock()).toEqual([before[0] - 2, before[1]]);
    expect(await documents(`crossdock:${connection.id}:${batch[0]?.key ?? ''}`)).toMatchObject([{ state: 'done' }]);
  });

  it('go on where the server was killed on the way', async () => {
    const before = await stock();
    let killed = false;
    proxy.before = async (method) => {
      if (method !== 'model.stock.shipment.internal.assign_force' || killed) return;
      killed = true;
      await peer.down('SIGKILL');
    };
    const batch = [posting(), posting()];
    await wall.post(connection, ...batch).catch(() => undefined);
    await peer.restart();
    expect(killed).toBe(true);
    expect(kinds(await wall.post(connection, ...batch))).toEqual(['duplicate', 'duplicate']);
    expect(await stock()).toEqual([before[0] - 2, before[1]]);
  });

  it('are refused one by one: unknown goods and places, a closed period', async () => {
    const before = await stock();
    const { rpc } = peer.retailer;
    const [period] = (await rpc.call<number[]>('model.stock.period.create', [[{ date: trytonDate('2020-01-31'), company: rpc.company }]])) as [number];
    await rpc.call('model.stock.period.close', [[period]]);
    const results = await wall.post(
      connection, posting(), posting({ item: { type: 'product', id: '999999' } }), posting({ from: { location: { type: 'location', id: '999999' }, condition: 'sellable' } }),
      posting({ occurredAt: '2020-01-15T12:00:00Z' }), posting({ item: { type: 'sku', id: 'MUG' } }), posting(),
    );
    expect(results).toMatchObject([
      { kind: 'applied' }, { kind: 'rejected', code: 'UNKNOWN_PRODUCT' }, { kind: 'rejected', code: 'UNKNOWN_LOCATION' },
      { kind: 'rejected', code: 'REFUSED', detail: expect.stringContaining('period') as string }, { kind: 'applied' }, { kind: 'applied' },
    ]);
    expect(await stock()).toEqual([before[0] - 3, before[1]]);
    await rpc.call('model.stock.period.draft', [[period]]);
  });

  it('sell more than Tryton believes to be there: the goods are gone', async () => {
    expect(kinds(await wall.post(connection, posting({ item: { type: 'product', id: String(tray) }, quantity: 5 })))).toEqual(['applied']);
    expect(await stock(tray)).toEqual([-5, 0]);
  });

  it('take effect on the day on which they happened', async () => {
    const { rpc } = peer.retailer;
    const [result] = await wall.post(connection, posting({ occurredAt: '2026-03-01T23:30:00Z' }));
    const number = (result as { reference: string }).reference;
    expect(await rpc.call('model.stock.shipment.internal.search_read', [[['number', '=', number]], 0, null, null, ['effective_date']])).toMatchObject([{ effective_date: { year: 2026, month: 3, day: 1 } }]);
  });

  it('are customer and supplier shipments where the connection names a party for them', async () => {
    const { rpc } = peer.retailer;
    const [customer, supplier] = (await rpc.call<number[]>('model.party.party.create', [[{ name: 'Till', addresses: [['create', [{ street: 'x' }]]] }, { name: 'Suppliers' }]])) as [number, number];
    const named = await wall.connect(`erp-${connections}-named`, await new FaultyProxy(peer.url).start(), { customerParty: customer, supplierParty: supplier });
    const before = await stock();
    const batch = [
      posting({ quantity: 4 }), posting({ movement: 'return', from: { virtual: 'customer' }, to: at(store), quantity: 1 }), posting({ movement: 'receipt', from: { virtual: 'supplier' }, to: at(store), quantity: 9 }),
    ];
    const results = await wall.post(named, ...batch);
    expect(results).toMatchObject(batch.map(() => ({ kind: 'applied' })));
    expect(kinds(await wall.post(named, ...batch))).toEqual(batch.map(() => 'duplicate'));
    expect(await stock()).toEqual([before[0] - 4, before[1] + 10]);
    for (const [model, { key }] of [['out', batch[0]], ['out.return', batch[1]], ['in', batch[2]]] as [string, MovementPosting][]) {
      expect(await rpc.call(`model.stock.shipment.${model}.search_read`, [[['reference', '=', `crossdock:${named.id}:${key}`]], 0, null, null, ['state']]), model).toMatchObject([{ state: 'done' }]);
    }
    expect((await wall.drain(named)).records.filter(({ body }) => /"quantity":(4|9),/.test(body) && /shipment\.(out|in)"/.test(body))).toEqual([]);
  });

  it('sign in once more when the session has ended in the middle of a batch', async () => {
    expect(kinds(await wall.post(connection, posting()))).toEqual(['applied']);
    expect(proxy.count('common.db.login')).toBe(1);
    let ended = false;
    proxy.before = (method) => {
      if (method !== 'model.stock.shipment.internal.wait' || ended) return;
      ended = true;
      const database = new DatabaseSync(peer.databaseFile);
      database.exec('delete from ir_session');
      database.close();
    };
    expect(kinds(await wall.post(connection, posting(), posting()))).toEqual(['applied', 'applied']);
    expect([ended, proxy.count('common.db.login')]).toEqual([true, 2]);
    await peer.restart();
  });
});
