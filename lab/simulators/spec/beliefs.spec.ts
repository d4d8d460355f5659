import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Catalogue, Marketplace, ReservingApp, ShopifyShop, StoreTills, type Outlet, type OutletOptions } from '../index.js';

const ITEMS = ['MUG', 'CUP', 'JUG'];
const OPTIONS: OutletOptions = { name: 'outlet', catalogue: new Catalogue(ITEMS.map((id) => ({ id, name: id }))), locations: ['warehouse'], seed: 1 };

type Step =
  | { readonly do: 'figure'; readonly item: string; readonly quantity: number }
  | { readonly do: 'order'; readonly lines: readonly { item: string; quantity: number }[] }
  | { readonly do: 'cancel'; readonly order: number }
  | { readonly do: 'return'; readonly order: number | undefined; readonly item: string; readonly quantity: number };

const item = fc.constantFrom(...ITEMS);
const quantity = fc.integer({ min: 1, max: 6 });
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('figure' as const), item, quantity: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ do: fc.constant('order' as const), lines: fc.array(fc.record({ item, quantity }), { minLength: 1, maxLength: 4 }) }),
    fc.record({ do: fc.constant('cancel' as const), order: fc.nat(12) }),
    fc.record({ do: fc.constant('return' as const), order: fc.option(fc.nat(12), { nil: undefined }), item, quantity }),
  ),
  { maxLength: 60 },
);

/** Plays the steps and reckons beside them, from the answers alone, what the system must believe. */
async function play(system: Outlet, plan: readonly Step[], restocksReturns: boolean, asks: boolean): Promise<Map<string, number>> {
  const believed = new Map<string, number>();
  const add = (id: string, units: number): void => void believed.set(id, (believed.get(id) ?? 0) + units);
  const left = new Map<string, { item: string; quantity: number }[]>();
  let orders = 0;
  for (const step of plan) {
    if (step.do === 'figure') {
      system.setFigures(new Map([[step.item, step.quantity]]));
      believed.set(step.item, step.quantity);
    } else if (step.do === 'order') {
      const name = `o${orders++}`;
      const { accepted, refused } = await system.order({ order: name, location: 'warehouse', lines: step.lines.map((line, index) => ({ ...line, line: String(index) })) });
      for (const line of accepted) add(line.item, -line.quantity);
      if (asks) for (const line of refused) expect(believed.get(line.item) ?? 0).toBeLessThan(line.quantity);
      left.set(name, accepted.map((line) => ({ item: line.item, quantity: line.quantity })));
    } else if (step.do === 'cancel') {
      const lines = left.get(`o${step.order}`) ?? [];
      expect(await system.cancel(`o${step.order}`)).toBe(lines.some((line) => line.quantity > 0));
      for (const line of lines) add(line.item, line.quantity);
      left.delete(`o${step.order}`);
    } else {
      await system.takeBack({ id: `r${plan.indexOf(step)}`, order: step.order === undefined ? undefined : `o${step.order}`, location: 'warehouse', lines: [{ line: '1', item: step.item, quantity: step.quantity }] });
      if (restocksReturns) add(step.item, step.quantity);
      let rest = step.quantity;
      for (const line of left.get(`o${step.order}`) ?? []) {
        const taken = line.item === step.item ? Math.min(rest, line.quantity) : 0;
        line.quantity -= taken;
        rest -= taken;
      }
    }
    if (asks) for (const units of system.beliefs.values()) expect(units).toBeGreaterThanOrEqual(0);
  }
  return believed;
}

describe('what a system believes', () => {
  it.each([
    { name: 'a shop', make: () => new ShopifyShop(OPTIONS), restocks: true, asks: true },
    { name: 'a marketplace, where returns wait for the next figure', make: () => new Marketplace(OPTIONS), restocks: false, asks: true },
    { name: 'an app without a hub', make: () => new ReservingApp(OPTIONS), restocks: true, asks: true },
    { name: 'a till, which never refuses', make: () => new StoreTills(OPTIONS), restocks: true, asks: false },
  ])('is the last figure, less its own sales since, plus its own restocks since: $name', async ({ make, restocks, asks }) => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const system = make();
        const believed = await play(system, plan, restocks, asks);
        const positive = (map: ReadonlyMap<string, number>): [string, number][] => [...map].filter(([, units]) => units !== 0).sort();
        expect(positive(system.beliefs)).toEqual(positive(believed));
        const keys = system.journal.map((fact) => `${fact.eventId}#${fact.line}`);
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: 150 },
    );
  });

  it('sells nothing of which no figure ever came', async () => {
    const shop = new ShopifyShop(OPTIONS);
    const { accepted, refused } = await shop.order({ order: 'o1', location: 'warehouse', lines: [{ line: '1', item: 'MUG', quantity: 1 }] });
    expect([accepted.length, refused.length, shop.journal.length]).toEqual([0, 1, 0]);
  });

  it('is read and written by batches where no hub is connected', async () => {
    const shop = new ShopifyShop(OPTIONS);
    shop.setFigures(new Map([['MUG', 5]]));
    await shop.order({ order: 'o1', location: 'warehouse', lines: [{ line: '1', item: 'MUG', quantity: 2 }] });
    const first = shop.factsSince(0);
    expect(first.facts.map(({ kind, item: of, quantity: units }) => [kind, of, units])).toEqual([['sale', 'MUG', 2]]);
    await shop.cancel('o1');
    const second = shop.factsSince(first.next);
    expect(second.facts.map(({ kind }) => kind)).toEqual(['return']);
    expect(shop.factsSince(second.next).facts).toEqual([]);
    expect(shop.backlog).toBe(0);
  });
});
