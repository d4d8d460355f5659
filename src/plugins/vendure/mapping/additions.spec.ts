import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { additionsOf, type LineChange } from './additions.js';

describe('the units that modifications add to a line', () => {
  it('are none where only cancellations and decreases happened', () => {
    expect(additionsOf(6, 3, [{ kind: 'cancelled', units: 1 }, { kind: 'cancelled', units: 2 }, { kind: 'modified', id: '1', noted: -2 }])).toEqual(new Map());
  });

  it('are what the shop noted for a quantity set anew, and for a line that is new', () => {
    expect(additionsOf(6, 9, [{ kind: 'modified', id: '1', noted: 3 }])).toEqual(new Map([['1', 3]]));
    expect(additionsOf(0, 4, [{ kind: 'modified', id: '1', noted: 4 }])).toEqual(new Map([['1', 4]]));
  });

  it('are found where the shop noted them less what the line had', () => {
    expect(additionsOf(6, 8, [{ kind: 'modified', id: '1', noted: -4 }])).toEqual(new Map([['1', 2]]));
    expect(additionsOf(2, 4, [{ kind: 'modified', id: '1', noted: 0 }])).toEqual(new Map([['1', 2]]));
    expect(additionsOf(2, 7, [{ kind: 'modified', id: '1', noted: 3 }])).toEqual(new Map([['1', 5]]));
  });

  it('are never guessed', () => {
    expect(() => additionsOf(6, 9, [])).toThrow(/cannot be told/);
    expect(() => additionsOf(6, 5, [])).toThrow(/fewer units/);
    // One was added and then the quantity set to what it was, or the other way round: the shop notes the same.
    expect(() => additionsOf(1, 2, [{ kind: 'modified', id: '1', noted: 0 }, { kind: 'modified', id: '2', noted: 0 }])).toThrow(/cannot be told/);
  });

  /** As OrderModifier.modifyOrder and cancelOrderByOrderLines do, with what each truly added. */
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), to: fc.nat(12) }),
    fc.record({ do: fc.constant('add' as const), units: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant('cancel' as const), units: fc.nat(4) }),
  );

  it('are the true ones after any history, or not told at all', () => {
    let told = 0;
    fc.assert(fc.property(fc.nat(9), fc.array(step, { maxLength: 6 }), (placed, steps) => {
      let quantity = placed;
      const changes: LineChange[] = [];
      const truth = new Map<string, number>();
      steps.forEach((one, index) => {
        const id = String(index);
        if (one.do === 'cancel') {
          const units = Math.min(one.units, quantity);
          quantity -= units;
          return void changes.push({ kind: 'cancelled', units });
        }
        const before = quantity;
        quantity = one.do === 'set' ? one.to : quantity + one.units;
        if (quantity < before) changes.push({ kind: 'cancelled', units: before - quantity });
        changes.push({ kind: 'modified', id, noted: one.do === 'set' ? one.to - before : one.units - before });
        if (quantity > before) truth.set(id, quantity - before);
      });
      let found: ReadonlyMap<string, number>;
      try {
        found = additionsOf(placed, quantity, changes);
      } catch (error) {
        expect(String(error)).toMatch(/cannot be told/);
        return;
      }
      told += 1;
      expect(found).toEqual(truth);
    }), { numRuns: 1_000, seed: 7 });
    // That much is told is worth little unless nearly everything is.
    expect(told).toBeGreaterThan(900);
  });
});
