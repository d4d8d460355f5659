import type { CanonicalEvent, StockMoved, StockObserved } from '@crossdock/connector-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { movementOf, observationOf } from './canonical-fact.js';
import { checkEvent } from './check-event.js';

const NOW = Date.UTC(2026, 10, 23, 12);
const moved: StockMoved = {
  kind: 'StockMoved', eventId: 'order-1', line: '1', movement: 'sale', item: { type: 'variant', id: '7' }, location: { type: 'location', id: '1' },
  quantity: 2, occurredAt: '2026-11-23T11:00:00Z',
};
const observed: StockObserved = {
  kind: 'StockObserved', eventId: 'level-1', item: { type: 'variant', id: '7' }, location: { type: 'location', id: '1' },
  quantity: 9, asOf: '2026-11-23T11:00:00+01:00', basis: 'onHand',
};
const resolved = (event: CanonicalEvent) => ({ source: 3, event, item: 'MUG', location: 'store-1', correlationId: 'c-1' });
const sides = (change: Partial<StockMoved>) => {
  const { from, to, quantity } = movementOf(resolved(moved), { ...moved, ...change });
  return { from, to, quantity };
};
const shelf = { location: 'store-1', condition: 'sellable' };

describe('a movement from outside', () => {
  it('carries its key, names and time over', () => {
    expect(movementOf(resolved(moved), moved)).toEqual({
      source: 3, eventId: 'order-1', line: '1', kind: 'sale', item: 'MUG', quantity: 2, from: shelf, to: { virtual: 'customer' },
      occurredAt: new Date('2026-11-23T11:00:00Z'), correlationId: 'c-1',
    });
  });

  it('has the two sides that its kind means', () => {
    expect(sides({ movement: 'sale' })).toEqual({ from: shelf, to: { virtual: 'customer' }, quantity: 2 });
    expect(sides({ movement: 'return', condition: 'quality_control' })).toEqual({ from: { virtual: 'customer' }, to: { location: 'store-1', condition: 'quality_control' }, quantity: 2 });
    expect(sides({ movement: 'receipt' })).toEqual({ from: { virtual: 'supplier' }, to: shelf, quantity: 2 });
    expect(sides({ movement: 'damage' })).toEqual({ from: shelf, to: { location: 'store-1', condition: 'damaged' }, quantity: 2 });
    expect(sides({ movement: 'adjustment', quantity: 5 })).toEqual({ from: { virtual: 'loss' }, to: shelf, quantity: 5 });
    expect(sides({ movement: 'adjustment', quantity: -5 })).toEqual({ from: shelf, to: { virtual: 'loss' }, quantity: 5 });
  });
});

describe('an observation from outside', () => {
  it('carries its figure, its moment and its basis over, and means sellable stock unless it says otherwise', () => {
    expect(observationOf(resolved(observed), observed)).toEqual({
      source: 3, eventId: 'level-1', item: 'MUG', location: 'store-1', condition: 'sellable', quantity: 9, asOf: new Date('2026-11-23T10:00:00Z'), basis: 'onHand', correlationId: 'c-1',
    });
  });
});

describe('an event that a connector answers', () => {
  it('passes when it is sound', () => {
    expect(checkEvent(moved, NOW)).toBeUndefined();
    expect(checkEvent(observed, NOW)).toBeUndefined();
    expect(checkEvent({ ...moved, movement: 'adjustment', quantity: -3, line: '' }, NOW)).toBeUndefined();
    expect(checkEvent({ ...observed, quantity: -3 }, NOW)).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [null, 'the event is no object'],
    [{ ...moved, kind: 'OrderPlaced' }, "the kind 'OrderPlaced' is not known"],
    [{ ...moved, quantity: 1.5 }, 'quantity is 1.5, not a whole number'],
    [{ ...moved, quantity: NaN }, 'quantity is NaN, not a whole number'],
    [{ ...moved, quantity: 2 ** 53 }, 'quantity is 9007199254740992, not a whole number'],
    [{ ...moved, quantity: '2' }, "quantity is '2', not a whole number"],
    [{ ...moved, quantity: 0 }, 'quantity is 0; it must lie between 1 and 1000000000'],
    [{ ...moved, quantity: -1 }, 'quantity is -1; it must lie between 1 and 1000000000'],
    [{ ...moved, movement: 'adjustment', quantity: 0 }, 'quantity is 0: nothing moved'],
    [{ ...moved, quantity: 5_012_345_678_900 }, 'quantity is 5012345678900; it must lie between 1 and 1000000000'],
    [{ ...moved, occurredAt: 'yesterday' }, "occurredAt is 'yesterday', not an RFC 3339 time"],
    [{ ...moved, occurredAt: '2026-13-40T00:00:00Z' }, "occurredAt is '2026-13-40T00:00:00Z', not an RFC 3339 time"],
    [{ ...moved, occurredAt: '2026-11-24T12:00:01Z' }, "occurredAt is '2026-11-24T12:00:01Z', more than a day in the future"],
    [{ ...moved, occurredAt: '0001-01-01T00:00:00Z' }, "occurredAt is '0001-01-01T00:00:00Z', before the year 2000"],
    [{ ...observed, asOf: undefined }, 'asOf is undefined, not an RFC 3339 time'],
    [{ ...observed, basis: 'available' }, "basis is 'available'; it must be one of onHand, netOfOrders"],
    [{ ...moved, movement: 'teleport' }, "movement is 'teleport'; it must be one of sale, receipt, return, adjustment, damage"],
    [{ ...moved, condition: 'mint' }, "condition is 'mint'; it must be one of sellable, damaged, quality_control, in_transit"],
    [{ ...moved, eventId: '' }, 'eventId is empty'],
    [{ ...moved, eventId: 'a\0b' }, 'eventId holds characters that cannot be stored'],
    [{ ...moved, line: 7 }, 'line is 7, not text'],
    [{ ...moved, item: { type: 'variant', id: '\ud800' } }, 'item.id holds characters that cannot be stored'],
    [{ ...moved, item: { type: 'variant', id: 'x'.repeat(256) } }, 'item.id is longer than 255 characters'],
    [{ ...moved, location: 'store-1' }, "location is 'store-1', not a reference"],
  ])('is named with what is wrong: %#', (event, problem) => {
    expect(checkEvent(event as CanonicalEvent, NOW)).toBe(problem);
  });

  it('is judged, and never throws, whatever it is', () => {
    const wild = fc.oneof(fc.anything(), fc.record({ kind: fc.constantFrom('StockMoved', 'StockObserved'), eventId: fc.anything(), line: fc.anything(), item: fc.anything(), location: fc.anything(), quantity: fc.anything(), occurredAt: fc.anything(), asOf: fc.anything() }));
    fc.assert(fc.property(wild, (event) => {
      expect(checkEvent(event as CanonicalEvent, NOW)).toEqual(expect.any(String));
    }), { numRuns: 2_000 });
  });

  it('may be up to a day ahead, since clocks differ', () => {
    expect(checkEvent({ ...moved, occurredAt: '2026-11-24T12:00:00Z' }, NOW)).toBeUndefined();
  });
});
