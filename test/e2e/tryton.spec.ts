import { fileURLToPath } from 'node:url';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Catalogue, Marketplace } from '../../lab/simulators/index.js';
import { TRYTON_ABSENT } from '../peers/tryton/installed.js';
import { PLACES, type Warehouse } from '../peers/tryton/retailer.js';
import { startTryton, TRYTON_START_MS, TRYTON_TEST_MS, type TrytonPeer } from '../peers/tryton/start-tryton.js';
import { DATABASE, HUB_USER, PASSWORD } from '../peers/tryton/template.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startHub, type Hub } from '../support/hub.js';

const WHAT = 'the hub between a real Tryton and a marketplace';
const WAIT = { timeout: 90_000, interval: 200 };

describe.skipIf(TRYTON_ABSENT !== undefined)(TRYTON_ABSENT === undefined ? WHAT : `${WHAT} (skipped: ${TRYTON_ABSENT})`, { timeout: TRYTON_TEST_MS }, () => {
  let peer: TrytonPeer;
  let database: TestDatabase;
  let dataDir: string;
  let hub: Hub;
  let market: Marketplace;
  let store: Warehouse;
  let mug = 0;
  let key = '';
  let events = 0;

  const start = (): Promise<Hub> => startHub({ databaseUrl: database.url, dataDir, env: { CROSSDOCK_PLUGINS_DIR: fileURLToPath(new URL('../../dist/lab-plugins', import.meta.url)) } });
  const say = async (method: string, path: string, body: unknown, token?: string): Promise<void> => {
    const { status, body: answer } = await hub.api(method, path, body, token === undefined ? {} : { token });
    if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
  };
  const move = (kind: string, quantity: number, given: Readonly<Record<string, unknown>> = {}): Promise<void> => say('POST', '/api/v1/stock-movements', {
    movements: [{ eventId: `till-${(events += 1)}`, kind, item: 'MUG', location: 'warehouse', quantity, occurredAt: new Date().toISOString(), ...given }],
  }, key);
  /** On hand in the hub and in the ERP: [warehouse, store]. */
  const inHub = async (): Promise<number[]> => {
    const { body } = await hub.api<{ items: { location: string; condition: string; onHand: number }[] }>('GET', '/api/v1/stock-levels?item=MUG', undefined, { token: key });
    return ['warehouse', 'store'].map((location) => body.items.find((level) => level.location === location && level.condition === 'sellable')?.onHand ?? 0);
  };
  const inErp = async (): Promise<number[]> => Promise.all([PLACES.storage, store.storageId].map(async (root) => (await peer.retailer.quantities(root)).get(mug) ?? 0));
  const bothHave = async (warehouse: number, shop: number): Promise<void> => {
    await expect.poll(inErp, { ...WAIT, message: 'stock in the ERP' }).toEqual([warehouse, shop]);
    await expect.poll(inHub, { ...WAIT, message: 'stock in the hub' }).toEqual([warehouse, shop]);
    await expect.poll(() => market.beliefs.get('MUG'), { ...WAIT, message: 'what the marketplace believes' }).toBe(warehouse);
  };

  beforeAll(async () => {
    peer = await startTryton();
    store = await peer.retailer.addWarehouse({ name: 'Store 1', code: 'S1' });
    [mug] = (await peer.retailer.addProducts([{ code: 'MUG' }])) as [number];
    await peer.retailer.count(PLACES.storage, [{ product: mug, quantity: 100 }]);
    [database, dataDir] = await Promise.all([createTestDatabase(), mkdtemp(join(tmpdir(), 'crossdock-tryton-'))]);
    hub = await start();
    market = new Marketplace({ name: 'market', catalogue: new Catalogue([{ id: 'MUG', name: 'Mug' }]), locations: ['warehouse'], seed: 1 });
    await market.start();
    key = (await hub.api<{ key: string }>('POST', '/admin/v1/clients', { name: 'back-office', scopes: ['catalog:write', 'stock:read', 'stock:write'] })).body.key;
    await say('PUT', '/api/v1/items/MUG', { name: 'Mug' }, key);
    for (const [id, type] of [['warehouse', 'warehouse'], ['store', 'store']]) await say('PUT', `/api/v1/locations/${id}`, { name: id, type }, key);
    await say('POST', '/admin/v1/connections', { ...market.connection(), id: 'market', allowPrivateNetwork: true });
    await say('PUT', '/admin/v1/connections/market/cross-references', { references: market.crossReferences() });
    await say('PUT', '/api/v1/channels/market', { name: 'Market', locations: ['warehouse'], connection: 'market' }, key);
    market.connect({ url: hub.url, connectionId: 'market' });
    await say('POST', '/admin/v1/connections', {
      id: 'erp', plugin: 'tryton', name: 'ERP', config: { url: peer.url, database: DATABASE, user: HUB_USER }, credentials: { password: PASSWORD }, allowPrivateNetwork: true,
    });
    await say('PUT', '/admin/v1/connections/erp/cross-references', { references: [
      { entity: 'item', type: 'product', externalId: String(mug), canonicalId: 'MUG' },
      { entity: 'location', type: 'location', externalId: String(PLACES.warehouse), canonicalId: 'warehouse' },
      { entity: 'location', type: 'location', externalId: String(store.id), canonicalId: 'store' },
    ] });
    await say('PATCH', '/admin/v1/connections/erp/feeds/stock-moves', { everySeconds: 1 });
    await say('PUT', '/admin/v1/connections/erp/posting', { from: 'now' });
  }, TRYTON_START_MS);
  afterAll(async () => {
    await market?.stop();
    await hub?.kill();
    await hub?.dispose();
    await database?.drop();
    await peer?.stop();
    if (dataDir) await rm(dataDir, { recursive: true, force: true });
  });

  it('brings the ERP\'s stock to the marketplace', () => bothHave(100, 0));

  it('brings what tills sell and people move to the ERP, and what its people count back', async () => {
    await move('sale', 3);
    await move('transfer', 10, { to: 'store' });
    await bothHave(87, 10);
    await peer.retailer.count(PLACES.storage, [{ product: mug, quantity: 90 }]);
    await bothHave(90, 10);
    await peer.retailer.transfer(store.storageId, PLACES.storage, [{ product: mug, quantity: 4 }]);
    await bothHave(94, 6);
  });

  it('brings a sale on the marketplace to the ERP', async () => {
    await market.order({ order: 'o1', location: 'warehouse', lines: [{ line: '1', item: 'MUG', quantity: 2 }] });
    await market.settle();
    await bothHave(92, 6);
  });

  it('doubles and loses nothing when hub and ERP are killed while both trade', async () => {
    for (let n = 0; n < 5; n += 1) await move('sale', 1);
    await hub.kill();
    await peer.retailer.receive({ id: PLACES.warehouse, inputId: PLACES.input, outputId: PLACES.output, storageId: PLACES.storage }, [{ product: mug, quantity: 20 }]);
    hub = await start();
    market.connect({ url: hub.url, connectionId: 'market' });
    for (let n = 0; n < 2; n += 1) await move('return', 1, { location: 'store' });
    await peer.restart('SIGKILL');
    await bothHave(107, 8);
  });
});
