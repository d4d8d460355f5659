import { afterEach, describe, expect, it } from 'vitest';
import type { Connector } from '@crossdock/connector-sdk';
import shopify from '../../../src/plugins/shopify/index.js';
import marketplace from '../../plugins/marketplace/index.js';
import till from '../../plugins/till/index.js';
import type { JournalFact, OutsideSystem } from '../../outside-system.js';
import { Catalogue, Marketplace, ShopifyShop, StoreTills, UNRULY, type Outlet, type OutletOptions } from '../index.js';
import { Random } from '../kit/random.js';
import { manifestOf, ReceivingHub } from './receiving-hub.js';
import { steadyPort } from './steady-port.js';

const ITEMS = ['85123A', '71053', '84406B', '22752', '21730'].map((id) => ({ id, name: `Article ${id}` }));
const OPTIONS: OutletOptions = { name: 'outlet', catalogue: new Catalogue(ITEMS), locations: ['warehouse', 'store-1'], seed: 7 };
const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const SYSTEMS = [
  { name: 'the shop', plugin: 'src/plugins/shopify', connector: shopify as Connector<never>, make: (options: OutletOptions) => new ShopifyShop(options) },
  { name: 'a marketplace', plugin: 'lab/plugins/marketplace', connector: marketplace as Connector<never>, make: (options: OutletOptions) => new Marketplace(options) },
  { name: 'the tills', plugin: 'lab/plugins/till', connector: till as Connector<never>, make: (options: OutletOptions) => new StoreTills(options) },
];

function effect(fact: JournalFact): number {
  return fact.kind === 'sale' ? -fact.quantity : fact.quantity;
}

/** The journal's sums, with items and locations as the plugin names them. */
function sums(system: OutsideSystem, facts: readonly JournalFact[]): Map<string, number> {
  const names = new Map(system.crossReferences().filter((reference) => reference.entity === 'location').map((reference) => [reference.canonicalId, reference.externalId]));
  const totals = new Map<string, number>();
  for (const fact of facts) {
    if (fact.kind === 'count') continue;
    const key = `${fact.item}@${names.get(fact.location)}`;
    totals.set(key, (totals.get(key) ?? 0) + effect(fact));
  }
  return totals;
}

async function trade(system: Outlet, random: Random, orders: number): Promise<void> {
  system.setFigures(new Map(ITEMS.map(({ id }) => [id, 400])));
  for (let number = 1; number <= orders; number += 1) {
    const lines = Array.from({ length: random.between(1, 4) }, (_, index) => ({ line: String(index + 1), item: (ITEMS[random.between(0, ITEMS.length - 1)] as { id: string }).id, quantity: random.between(1, 5) }));
    await system.order({ order: `o${number}`, location: 'warehouse', lines });
    if (random.chance(0.1)) await system.cancel(`o${number}`);
    else if (random.chance(0.2)) await system.takeBack({ id: `r${number}`, order: `o${number}`, location: 'warehouse', lines: lines.slice(0, 1) });
    else if (random.chance(0.1)) await system.takeBack({ id: `u${number}`, location: 'warehouse', lines });
  }
}

describe.each(SYSTEMS)('$name', ({ plugin, connector, make }) => {
  async function connected(options: OutletOptions, faults?: ConstructorParameters<typeof ReceivingHub>[3]): Promise<{ system: ReturnType<typeof make>; hub: ReceivingHub }> {
    const system = make(options);
    await system.start();
    const hub = new ReceivingHub(manifestOf(plugin), connector, system, faults);
    await hub.start(await steadyPort());
    system.connect({ url: hub.url, connectionId: 'outlet-1' });
    open.push(() => system.stop(), () => hub.stop());
    return { system, hub };
  }

  it('tells every fact of its journal under the same business key, and nothing else', async () => {
    const { system, hub } = await connected(OPTIONS);
    await trade(system, new Random(1), 200);
    await system.settle();
    expect(system.journal.length).toBeGreaterThan(300);
    expect(hub.failures).toEqual([]);
    expect(hub.forged).toBe(0);
    expect([...hub.events.keys()].sort()).toEqual(system.journal.map((fact) => `${fact.eventId}#${fact.line}`).sort());
    expect(hub.balances()).toEqual(sums(system, system.journal));
    expect(system.journal.every((fact) => fact.postedAt !== undefined && fact.postedAt >= fact.occurredAt)).toBe(true);
  });

  it('ends at the same sums when messages are doubled, late, lost and shuffled, and answers go astray', async () => {
    const delivery = { ...UNRULY, duplicateShare: 0.2, reissueShare: 0.1, lateMs: 100, redeliverMs: 100, timeoutMs: 1_000, backoffFirstMs: 5, backoffMaxMs: 20 };
    const { system, hub } = await connected({ ...OPTIONS, delivery }, { behaviour: { unavailableShare: 0.05, lostAnswerShare: 0.05 }, random: new Random(3) });
    await trade(system, new Random(2), 150);
    await system.settle();
    expect(hub.failures).toEqual([]);
    expect(hub.balances()).toEqual(sums(system, system.journal));
    expect(system.counts.duplicates).toBeGreaterThan(5);
    expect(system.counts.late).toBeGreaterThan(0);
    expect(system.counts.shuffled).toBeGreaterThan(0);
    expect(system.counts.retries).toBeGreaterThan(0);
    expect(hub.copies).toBeGreaterThan(0);
    expect(system.backlog).toBe(0);
  });

  it('waits out a hub that is away and then tells everything', async () => {
    const { system, hub } = await connected({ ...OPTIONS, delivery: { backoffFirstMs: 5, backoffMaxMs: 20 } });
    const port = Number(new URL(hub.url).port);
    await trade(system, new Random(4), 20);
    await hub.stop();
    for (let number = 1; number <= 20; number += 1) await system.order({ order: `away${number}`, location: 'warehouse', lines: [{ line: '1', item: '22752', quantity: 1 }] });
    expect(system.backlog).toBeGreaterThan(0);
    await hub.start(port);
    await system.settle();
    expect(hub.balances()).toEqual(sums(system, system.journal));
  });

  it('does the same in every run of one seed', async () => {
    const runs = [make(OPTIONS), make(OPTIONS)];
    for (const system of runs) await trade(system, new Random(6), 50);
    const [first, second] = runs.map((system) => system.journal.map(({ occurredAt: _, ...fact }) => fact));
    expect(first).toEqual(second);
    expect(runs[0]?.crossReferences()).toEqual(runs[1]?.crossReferences());
  });
});
