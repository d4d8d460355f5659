import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planReferences } from '../../src/core/mapping/plan-references.js';
import type { CrossReference } from '../../src/core/mapping/reference.js';

// Few names, so that most entries meet one another.
const reference: fc.Arbitrary<CrossReference> = fc.record({
  entity: fc.constantFrom('item', 'location'),
  type: fc.constantFrom('variant', 'inventory-item'),
  externalId: fc.constantFrom('1', '2', '3', '4'),
  canonical: fc.constantFrom('a', 'b', 'c'),
  alias: fc.boolean(),
});
const batch = fc.record({ entries: fc.array(reference, { maxLength: 12 }), replace: fc.boolean() });

const externalKey = (r: CrossReference): string => [r.entity, r.type, r.externalId].join('|');
const spokenKey = (r: CrossReference): string => [r.entity, r.type, r.canonical].join('|');

/** The store as a list, searched from end to end: slow, and with no index that could go wrong. */
class SlowStore {
  rows: CrossReference[] = [];

  save(entry: CrossReference, replace: boolean): string {
    const known = this.rows.find((row) => externalKey(row) === externalKey(entry));
    const rival = this.rows.find((row) => !entry.alias && !row.alias && spokenKey(row) === spokenKey(entry) && externalKey(row) !== externalKey(entry));
    if (known?.canonical === entry.canonical && known.alias === entry.alias) return 'unchanged';
    if (!replace && ((known && known.canonical !== entry.canonical) || rival)) return 'conflict';
    this.rows = this.rows.map((row) => (row === rival ? { ...row, alias: true } : row)).filter((row) => row !== known);
    this.rows.push(entry);
    return known ? 'updated' : 'created';
  }

  /** What the database would hand to the planner for these entries. */
  related(entries: readonly CrossReference[]): CrossReference[] {
    return this.rows.filter((row) => entries.some((entry) => externalKey(entry) === externalKey(row) || (!row.alias && spokenKey(entry) === spokenKey(row))));
  }
}

const sorted = (rows: readonly CrossReference[]): CrossReference[] => [...rows].sort((a, b) => externalKey(a).localeCompare(externalKey(b)));

describe('planReferences', () => {
  it('ends as saving one entry after the other would, for any batches in any order', () => {
    fc.assert(fc.property(fc.array(batch, { maxLength: 6 }), (batches) => {
      const slow = new SlowStore();
      let stored: CrossReference[] = [];
      for (const { entries, replace } of batches) {
        const before = new SlowStore();
        before.rows = stored;
        const { outcomes, writes } = planReferences(before.related(entries), entries, replace);
        expect(outcomes.map((outcome) => outcome.status)).toEqual(entries.map((entry) => slow.save(entry, replace)));
        const written = new Map(writes.map((row) => [externalKey(row), row]));
        stored = [...stored.filter((row) => !written.has(externalKey(row))), ...writes];
        expect(sorted(stored)).toEqual(sorted(slow.rows));
      }
    }));
  });

  it('never lets one external id mean two things, nor two external ids be spoken for one', () => {
    fc.assert(fc.property(fc.array(batch, { maxLength: 6 }), (batches) => {
      let stored: CrossReference[] = [];
      for (const { entries, replace } of batches) {
        const { writes } = planReferences(stored, entries, replace);
        const written = new Set(writes.map(externalKey));
        stored = [...stored.filter((row) => !written.has(externalKey(row))), ...writes];
        const spoken = stored.filter((row) => !row.alias).map(spokenKey);
        expect(new Set(spoken).size).toBe(spoken.length);
        expect(new Set(stored.map(externalKey)).size).toBe(stored.length);
      }
    }));
  });

  it('changes nothing when the same batch is saved again, unless its own entries contradict one another', () => {
    fc.assert(fc.property(fc.array(batch, { maxLength: 4 }), fc.uniqueArray(reference, { selector: externalKey, maxLength: 8 }), (batches, entries) => {
      const agreeing = entries.filter((entry, index) => entry.alias || entries.findIndex((other) => !other.alias && spokenKey(other) === spokenKey(entry)) === index);
      const slow = new SlowStore();
      for (const each of batches) for (const entry of each.entries) slow.save(entry, each.replace);
      for (const entry of agreeing) slow.save(entry, true);
      expect(planReferences(slow.rows, agreeing, true)).toMatchObject({ writes: [], outcomes: agreeing.map(() => ({ status: 'unchanged' })) });
    }));
  });
});
