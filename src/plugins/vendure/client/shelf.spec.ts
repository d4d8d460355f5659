import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restocked, type Shelf, shelvesOf } from './shelf.js';

const SHOP = { trackInventory: true, threshold: 2 };
const shelf = (...levels: readonly (readonly [location: string, onHand: number, allocated: number])[]): Shelf => {
  const stockLevels = levels.map(([stockLocationId, stockOnHand, stockAllocated]) => ({ stockLocationId, stockOnHand, stockAllocated }));
  const found = shelvesOf({ items: [{ id: 'v', trackInventory: 'INHERIT', useGlobalOutOfStockThreshold: true, stockLevels }] }, SHOP).get('v');
  if (!found) throw new Error('no shelf');
  return found;
};

describe('the stock on hand to write', () => {
  it('is nothing where the shop sells the figure already', () => {
    expect(restocked(shelf(['main', 5, 1], ['store', 4, 0]), 'main', 6)).toEqual([]);
    expect(restocked(shelf(), 'main', -2)).toEqual([]);
  });

  it('adds at the hub’s own location, also where there is no level yet', () => {
    expect(restocked(shelf(['store', 4, 0]), 'main', 6)).toEqual([{ stockLocationId: 'main', stockOnHand: 4 }]);
  });

  it('takes there first, and elsewhere what is free beyond the figure', () => {
    expect(restocked(shelf(['store', 9, 1], ['main', 5, 1]), 'main', 8)).toEqual([{ stockLocationId: 'main', stockOnHand: 3 }]);
    expect(restocked(shelf(['store', 9, 1], ['main', 5, 1]), 'main', 1)).toEqual([{ stockLocationId: 'main', stockOnHand: 1 }, { stockLocationId: 'store', stockOnHand: 4 }]);
  });

  it('makes the sum the figure whatever stands where, and takes from no other location what orders have there', () => {
    const level = fc.tuple(fc.integer({ min: -20, max: 50 }), fc.nat(30));
    fc.assert(fc.property(fc.array(level, { maxLength: 4 }), fc.integer({ min: -10, max: 60 }), (given, figure) => {
      const levels = given.map(([onHand, allocated], index) => [`l${index}`, onHand, allocated] as const);
      const written = new Map(restocked(shelf(...levels), 'l1', figure).map(({ stockLocationId, stockOnHand }) => [stockLocationId, stockOnHand]));
      const after = new Map(levels.map(([location, onHand, allocated]) => [location, [written.get(location) ?? onHand, allocated] as const]));
      if (written.has('l1') && !after.has('l1')) after.set('l1', [written.get('l1') ?? 0, 0]);
      expect([...after.values()].reduce((sum, [onHand, allocated]) => sum + onHand - allocated, 0) - SHOP.threshold).toBe(figure);
      for (const [location, onHand, allocated] of levels) if (location !== 'l1') expect(written.get(location) ?? onHand).toBeGreaterThanOrEqual(Math.min(onHand, allocated));
    }));
  });
});
