import { afterEach, describe, expect, it } from 'vitest';
import { ConnectorError, type CallContext, type Connector, type InventoryFigure, type PublishResult } from '@crossdock/connector-sdk';
import shopify from '../../../src/plugins/shopify/index.js';
import marketplace from '../../plugins/marketplace/index.js';
import till from '../../plugins/till/index.js';
import { Catalogue, Marketplace, MOODY_API, ShopifyShop, STANDARD_PLAN, StoreTills, type MarketplaceOptions, type Outlet, type OutletOptions } from '../index.js';
import { contextFor, manifestOf } from './receiving-hub.js';

const ITEMS = Array.from({ length: 40 }, (_, index) => ({ id: `ITEM-${index}`, name: `Article ${index}` }));
const OPTIONS: OutletOptions = { name: 'outlet', catalogue: new Catalogue(ITEMS), locations: ['warehouse'], seed: 9 };
const open: Outlet[] = [];

afterEach(async () => {
  for (const system of open.splice(0)) await system.stop();
});

/** Plain fetch in the broker's place, with the headers that the manifest lets the hub attach. */
function context(system: Outlet, plugin: string): CallContext<never> {
  const setup = system.connection();
  if (!setup) throw new Error('no connection');
  const auth = manifestOf(plugin).auth.map(({ header, value }) => [header, value.replace(/\{\{credentials\.(\w+)\}\}/g, (_, name: string) => setup.credentials[name] ?? '')] as const);
  return contextFor(setup.config, async ({ method, url, headers, body }) => {
    try {
      const response = await fetch(url, { method, body, headers: { ...headers, ...Object.fromEntries(auth) } });
      return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
    } catch (error) {
      throw new ConnectorError('ambiguous', String(error));
    }
  });
}

function figures(system: Outlet, plugin: string, quantities: readonly number[], version = 1): InventoryFigure[] {
  const type = manifestOf(plugin).capabilities.inventorySink?.itemReference ?? '';
  const ids = new Map(system.crossReferences().filter((reference) => reference.type === type).map((reference) => [reference.canonicalId, reference.externalId]));
  return quantities.map((available, index) => {
    const sku = ITEMS[index]?.id ?? '';
    return { item: { type, id: ids.get(sku) ?? sku, sku }, available, version };
  });
}

async function started<T extends Outlet>(system: T): Promise<T> {
  open.push(system);
  await system.start();
  return system;
}

function publish(connector: Connector<never>, ctx: CallContext<never>, told: readonly InventoryFigure[]): Promise<readonly PublishResult[]> {
  return (connector.publishInventory as NonNullable<Connector<never>['publishInventory']>)(ctx, told, { feeds: {} });
}

const kinds = (results: readonly PublishResult[]): string[] => results.map((result) => result.kind);

describe.each([
  { name: 'the shop', plugin: 'src/plugins/shopify', connector: shopify as Connector<never>, make: () => new ShopifyShop(OPTIONS) },
  { name: 'a marketplace', plugin: 'lab/plugins/marketplace', connector: marketplace as Connector<never>, make: () => new Marketplace(OPTIONS) },
  { name: 'the tills', plugin: 'lab/plugins/till', connector: till as Connector<never>, make: () => new StoreTills(OPTIONS) },
])('$name', ({ plugin, connector, make }) => {
  it('believes what the plugin publishes, and answers for each item', async () => {
    const system = await started(make());
    const ctx = context(system, plugin);
    expect((await connector.checkHealth?.(ctx))?.detail).toBeTypeOf('string');
    const quantities = ITEMS.map((_, index) => index);
    expect(kinds(await publish(connector, ctx, figures(system, plugin, quantities)))).toEqual(quantities.map(() => 'applied'));
    expect([...system.beliefs.values()]).toEqual(quantities);
    expect(system.figures.map(({ available, applied }) => [available, applied])).toEqual(quantities.map((units) => [units, true]));
    expect(system.figures.every(({ at }) => Math.abs(at - Date.now()) < 5_000)).toBe(true);
  });

  it('refuses the item that it does not have and takes the others', async () => {
    const system = await started(make());
    const told = figures(system, plugin, [1, 2, 3]);
    told[1] = { ...(told[1] as InventoryFigure), item: { type: (told[1] as InventoryFigure).item.type, id: '45899999999999' } };
    expect(kinds(await publish(connector, context(system, plugin), told))).toEqual(['applied', 'rejected', 'applied']);
    expect([...system.beliefs].sort()).toEqual([['ITEM-0', 1], ['ITEM-2', 3]]);
  });

  it('is told by the plugin that a wrong credential needs a person', async () => {
    const system = await started(make());
    const ctx = context(system, plugin);
    const anonymous = contextFor(system.connection()?.config, async ({ method, url, headers, body }) => {
      const response = await fetch(url, { method, body, headers });
      return { status: response.status, headers: {}, body: await response.text() };
    });
    await expect(publish(connector, anonymous, figures(system, plugin, [1]))).rejects.toMatchObject({ kind: 'auth_revoked' });
    await expect(publish(connector, ctx, figures(system, plugin, [1]))).resolves.toHaveLength(1);
  });
});

describe.each([
  { name: 'the shop on its standard plan', plugin: 'src/plugins/shopify', connector: shopify as Connector<never>, make: () => new ShopifyShop({ ...OPTIONS, api: { ...STANDARD_PLAN, unavailableShare: 0.1, lostAnswerShare: 0.1, maximumAvailable: 60, restoreRate: 400 } }) },
  { name: 'a moody marketplace', plugin: 'lab/plugins/marketplace', connector: marketplace as Connector<never>, make: () => new Marketplace({ ...OPTIONS, api: { ...MOODY_API, unavailableShare: 0.1, lostAnswerShare: 0.1, itemErrorShare: 0.05 } }) },
])('$name', ({ plugin, connector, make }) => {
  it('believes the last figure in the end, when the hub sends again what was not applied', async () => {
    const system = await started(make());
    const ctx = context(system, plugin);
    for (let version = 1; version <= 10; version += 1) {
      let open = figures(system, plugin, ITEMS.map((_, index) => index + version), version);
      for (let rounds = 0; open.length > 0; rounds += 1) {
        if (rounds > 50) throw new Error('it never takes them');
        const results = await publish(connector, ctx, open);
        open = open.filter((_, index) => results[index]?.kind === 'retry' || results[index]?.kind === 'ambiguous');
      }
    }
    expect(ITEMS.map(({ id }) => system.beliefs.get(id))).toEqual(ITEMS.map((_, index) => index + 10));
  });
});

describe('a marketplace that has its moods', () => {
  const PLUGIN = 'lab/plugins/marketplace';
  const moody = (api: MarketplaceOptions['api']): Promise<Marketplace> => started(new Marketplace({ ...OPTIONS, api }));
  const tell = (system: Marketplace, quantities: readonly number[], version = 1): Promise<readonly PublishResult[]> =>
    publish(marketplace as Connector<never>, context(system, PLUGIN), figures(system, PLUGIN, quantities, version));

  it('throttles by its account and says for how long', async () => {
    const system = await moody({ updatesPerSecond: 10, updatesBurst: 10 });
    expect(kinds(await tell(system, [1, 2, 3, 4, 5, 6, 7, 8]))).toEqual(Array.from({ length: 8 }, () => 'applied'));
    const refused = await tell(system, [11, 12, 13, 14, 15], 2);
    expect(refused).toEqual(refused.map(() => ({ kind: 'retry', afterMs: 1_000, reason: 'the marketplace throttles this account' })));
    expect(refused).toHaveLength(5);
    expect(system.beliefs.get('ITEM-0')).toBe(1);
    expect(system.figures.filter(({ applied }) => !applied)).toHaveLength(5);
    expect(system.apiCounts.throttled).toBe(1);
  });

  it('never lets an overtaken figure win', async () => {
    const system = await moody({});
    expect(kinds(await tell(system, [5], 7))).toEqual(['applied']);
    expect(kinds(await tell(system, [9], 6))).toEqual(['stale']);
    expect(kinds(await tell(system, [4], 7))).toEqual(['applied']);
    expect(system.beliefs.get('ITEM-0')).toBe(4);
  });

  it('carries a request out and never answers: the outcome is unknown to the plugin', async () => {
    const system = await moody({ lostAnswerShare: 1 });
    expect(kinds(await tell(system, [5, 6]))).toEqual(['ambiguous', 'ambiguous']);
    expect(system.beliefs.get('ITEM-0')).toBe(5);
  });

  it('is unavailable now and then, and refuses single updates for the moment', async () => {
    expect(kinds(await tell(await moody({ unavailableShare: 1 }), [5]))).toEqual(['retry']);
    const busy = await moody({ itemErrorShare: 0.5 });
    const results = kinds(await tell(busy, ITEMS.map(() => 1)));
    expect(new Set(results)).toEqual(new Set(['applied', 'retry']));
    expect(busy.beliefs.size).toBe(results.filter((kind) => kind === 'applied').length);
  });

  it('refuses what is no quantity, item by item', async () => {
    const system = await moody({});
    expect(await tell(system, [-1, 2])).toEqual([{ kind: 'rejected', code: 'INVALID_QUANTITY', detail: expect.any(String) as string }, { kind: 'applied' }]);
  });
});
