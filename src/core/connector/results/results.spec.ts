import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HubError } from '../../errors/index.js';
import { readItemPage, readLocationPage } from './pages.js';
import { readParseResults } from './parse-results.js';
import { readPostResults } from './post-results.js';
import { readPublishResults } from './publish-results.js';
import { readSubscriptionResults } from './subscription-results.js';

const MOVED = { kind: 'StockMoved', movement: 'sale', eventId: 'e', line: '1', item: { type: 'sku', id: 'A', sku: 'A' }, location: { type: 'location', id: 'L' }, quantity: 1, occurredAt: '2026-01-01T00:00:00.123+01:00', condition: 'damaged' };
const OBSERVED = { kind: 'StockObserved', eventId: 'e', item: { type: 'sku', id: 'A' }, location: { type: 'location', id: 'L' }, quantity: -3, asOf: '2026-01-01T00:00:00Z', basis: 'onHand' };

/** Whatever a child may send: well-formed answers with some of their parts replaced by anything. */
const anything = fc.oneof(fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true }), fc.constantFrom(MOVED, OBSERVED));
const event = fc.oneof(anything, fc.tuple(fc.constantFrom(MOVED, OBSERVED), fc.dictionary(fc.constantFrom(...Object.keys({ ...MOVED, ...OBSERVED })), fc.anything())).map(([base, change]) => ({ ...base, ...change })));
const parsed = fc.oneof(anything, fc.record({ kind: fc.constantFrom('events', 'ignored', 'failed', 'x'), events: fc.oneof(fc.array(event, { maxLength: 4 }), anything), reason: anything }, { requiredKeys: ['kind'] }));
const published = fc.oneof(anything, fc.record({ kind: fc.constantFrom('applied', 'unchanged', 'stale', 'rejected', 'retry', 'ambiguous', 'x'), code: anything, detail: anything, afterMs: fc.oneof(fc.double(), anything), reason: anything }, { requiredKeys: ['kind'] }));

describe('the answers of plugins', () => {
  it('come out well-formed or not at all, whatever went in', () => {
    fc.assert(fc.property(fc.array(parsed, { maxLength: 5 }), (answer) => {
      const results = readParseResults('p', answer, answer.length);
      expect(results).toHaveLength(answer.length);
      for (const result of results) {
        if (result.kind !== 'events') expect(typeof result.reason).toBe('string');
        else for (const one of result.events) expect(Number.isSafeInteger(one.quantity) && one.eventId.length > 0 && one.item.id.length > 0 && !JSON.stringify(one).includes('\\u0000')).toBe(true);
      }
    }), { numRuns: 500 });
    fc.assert(fc.property(fc.array(published, { maxLength: 5 }), (answer) => {
      const results = readPublishResults('p', answer, answer.length);
      expect(results).toHaveLength(answer.length);
      for (const result of results) {
        expect(['applied', 'unchanged', 'stale', 'rejected', 'retry', 'ambiguous']).toContain(result.kind);
        if (result.kind === 'retry') expect(Number.isInteger(result.afterMs) && result.afterMs >= 0).toBe(true);
        if (result.kind === 'rejected') expect(result.code.length).toBeGreaterThan(0);
      }
    }), { numRuns: 500 });
  });

  it('keep what the contract names and drop what it does not', () => {
    const [result] = readParseResults('p', [{ kind: 'events', events: [{ ...MOVED, source: 99, correlationId: 'x' }, OBSERVED], more: 1 }], 1);
    expect(result).toEqual({ kind: 'events', events: [MOVED, OBSERVED] });
    expect(readPublishResults('p', [{ kind: 'applied', more: 1 }, { kind: 'retry', afterMs: 10.5, reason: 'r' }], 2)).toEqual([{ kind: 'applied' }, { kind: 'retry', afterMs: 11, reason: 'r' }]);
  });

  it.each([undefined, null, 'x', {}, { length: 1 }, [], [1, 2]])('are refused whole when they are not one an entry: %j', (answer) => {
    for (const read of [readParseResults, readPublishResults, readPostResults, readSubscriptionResults]) expect(() => read('p', answer, 1)).toThrow(HubError);
  });

  it('to postings keep the reference, and what is malformed in them is ambiguous: perhaps it was written', () => {
    const answer = [{ kind: 'applied', reference: 'IN0001', more: 1 }, { kind: 'duplicate' }, { kind: 'unchanged', reference: 'x' }, { kind: 'rejected', detail: 'no code' }, { kind: 'done' }, { kind: 'retry', afterMs: 0.2, reason: 'r' }];
    expect(readPostResults('p', answer, 6)).toEqual([
      { kind: 'applied', reference: 'IN0001' }, { kind: 'duplicate' }, { kind: 'unchanged' }, { kind: 'ambiguous', reason: expect.stringContaining("'code'") as string },
      { kind: 'ambiguous', reason: expect.stringContaining("'kind'") as string }, { kind: 'retry', afterMs: 1, reason: 'r' },
    ]);
  });

  it('that list a catalogue are read whole or not at all', () => {
    const item = { ref: { type: 'product', id: '4' }, name: 'Mug', sku: 'MUG', gtins: ['4006381333931'], unit: 'u', active: true };
    expect(readItemPage('p', { entries: [{ ...item, more: 1 }, { ref: item.ref, name: 'Plain', sku: null }], nextCursor: null }, 2)).toEqual({ entries: [item, { ref: item.ref, name: 'Plain' }], nextCursor: null });
    expect(readLocationPage('p', { entries: [{ ref: { type: 'location', id: '3' }, name: 'Store', code: 'S1', kind: 'store' }], nextCursor: 'c' }, 5).entries).toHaveLength(1);
    for (const page of [{ entries: [item, item], nextCursor: null }, { entries: [{ ...item, name: '' }], nextCursor: null }, { entries: [item] }, { entries: [item], nextCursor: '' }, { entries: {}, nextCursor: null }, null]) {
      expect(() => readItemPage('p', page, 1)).toThrow(HubError);
    }
  });
});
