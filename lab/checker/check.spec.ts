import { describe, expect, it } from 'vitest';
import { check } from './check.js';
import type { Evidence, Hold, LedgerMovement, SystemFact } from './evidence.js';
import { movementOf, truthfulEvidence } from './sample-evidence.js';

const POOL = ['warehouse'];

/** What the checker says of the truthful world after one lie. */
function findings(lie: (truth: Evidence) => Partial<Evidence>): string[] {
  const truth = truthfulEvidence();
  return check({ ...truth, ...lie(truth) }, POOL).filter((verdict) => !verdict.holds).flatMap((verdict) => verdict.examples);
}

describe('the checker', () => {
  it('finds nothing wrong with a truthful world, and compared something in every check', () => {
    const verdicts = check(truthfulEvidence(), POOL);
    expect(verdicts.filter((verdict) => !verdict.holds)).toEqual([]);
    expect(verdicts.every((verdict) => verdict.compared > 0)).toBe(true);
    expect(verdicts).toHaveLength(9);
  });

  it('fails where there was nothing to check', () => {
    const nothing: Evidence = { items: [], ledger: [], levels: [], availability: [], channels: [], facts: [], sources: new Map(), holds: [], placedAt: new Map(), undelivered: new Map(), exceptions: [] };
    const verdicts = check(nothing, POOL);
    expect(verdicts.every((verdict) => !verdict.holds && verdict.examples.includes('there was nothing to check'))).toBe(true);
  });

  it('finds a lost movement', () => {
    const found = findings((truth) => ({ ledger: truth.ledger.filter((movement) => movement.eventId !== 'tills/receipt-1') }));
    expect(found).toContain('tills: tills/receipt-1 line 1 (MUG) is lost: the ledger has it not at all');
    expect(found).toContain('MUG in warehouse: the ledger 7, the level 5 (-2)');
  });

  it('finds a movement that was lost together with its effect on the level', () => {
    const found = findings((truth) => ({
      ledger: truth.ledger.filter((movement) => movement.eventId !== 'tills/receipt-1'),
      levels: truth.levels.map((level) => ({ ...level, onHand: 7 })),
    }));
    expect(found).toContain('MUG in warehouse: the journals 5, the level 7 (+2)');
  });

  it('finds a doubled movement', () => {
    const found = findings((truth) => ({ ledger: [...truth.ledger, { ...(truth.ledger[1] as LedgerMovement), position: 99 }] }));
    expect(found).toContain('shop: shop/order-1 line 1 (MUG) is doubled: the ledger has it 2 times');
  });

  it('finds a movement that no system ever told of', () => {
    const found = findings((truth) => ({ ledger: [...truth.ledger, { ...(truth.ledger[1] as LedgerMovement), eventId: 'shop/order-9', position: 99 }] }));
    expect(found).toContain('shop: shop/order-9 line 1 (MUG) stands in the ledger and in no journal');
  });

  it('finds a fact that the ledger ascribes to another system', () => {
    const found = findings((truth) => ({ ledger: truth.ledger.map((movement) => (movement.eventId === 'shop/order-1' ? { ...movement, source: 3 } : movement)) }));
    expect(found).toContain('tills: shop/order-1 line 1 (MUG) stands in the ledger and in no journal');
    expect(found).toContain('shop: shop/order-1 line 1 (MUG) is lost: the ledger has it not at all');
  });

  it('finds a movement with another quantity than the journal\'s', () => {
    const found = findings((truth) => ({ ledger: truth.ledger.map((movement) => (movement.eventId === 'shop/order-1' ? { ...movement, quantity: 4 } : movement)) }));
    expect(found).toContain('shop: shop/order-1 line 1 (MUG): the journal says 3 units, the ledger 4');
  });

  it('finds a wrong level', () => {
    const found = findings((truth) => ({ levels: truth.levels.map((level) => ({ ...level, onHand: 6 })) }));
    expect(found).toContain('MUG in warehouse: the ledger 5, the level 6 (+1)');
    expect(found).toContain('MUG on shop: computed 6, the hub says 5');
  });

  it('finds stock that lies in the wrong place or condition', () => {
    const found = findings((truth) => ({ levels: truth.levels.map((level) => ({ ...level, condition: 'damaged' })) }));
    expect(found).toContain('MUG in warehouse (damaged): the ledger 0, the level 5 (+5)');
  });

  it('finds a stale belief', () => {
    const found = findings((truth) => ({ channels: truth.channels.map((one) => (one.channel === 'shop' ? { ...one, beliefs: new Map([['MUG', 6]]) } : one)) }));
    expect(found).toEqual(['shop believes in 6 of MUG, the hub says 5']);
  });

  it('finds a till that was never told the last figure', () => {
    const found = findings((truth) => ({ channels: truth.channels.map((one) => (one.channel === 'tills' ? { ...one, figures: [{ item: 'MUG', available: 6, at: 0, applied: true }] } : one)) }));
    expect(found).toEqual(['tills believes in 6 of MUG, the hub says 5']);
  });

  it('finds terms that do not add up', () => {
    const found = findings((truth) => ({ availability: truth.availability.map((answer) => ({ ...answer, steps: [{ term: 'usable', difference: 4 }] })) }));
    expect(found).toContain('MUG on shop: the terms sum to 4, the figure is 5');
  });

  it('finds a hold that was never given back, since nothing is reserved any more', () => {
    const found = findings((truth) => ({ availability: truth.availability.map((answer) => ({ ...answer, now: 4, steps: [{ term: 'usable', difference: 5 }, { term: 'demand', difference: -1 }] })) }));
    expect(found).toContain('MUG on app: computed 5, the hub says 4');
  });

  it('finds a channel without figures, an undelivered message and an exception', () => {
    expect(findings((truth) => ({ availability: truth.availability.slice(0, 1) }))).toContain('no figure for MUG on app');
    expect(findings(() => ({ undelivered: new Map([['tills', 2]]) }))).toContain('2 messages of tills were never accepted');
    expect(findings(() => ({ exceptions: ['a parked delivery of shop'] }))).toContain('a parked delivery of shop');
  });

  it('lets a count say what is there, whatever was told before or comes late', () => {
    const truth = truthfulEvidence();
    const at = (truth.facts[4] as SystemFact).occurredAt;
    const count: SystemFact = { ...(truth.facts[0] as SystemFact), kind: 'count', eventId: 'office/count-1', line: '', quantity: 7, occurredAt: at + 1_000 };
    const late: SystemFact = { ...(truth.facts[1] as SystemFact), eventId: 'shop/late', quantity: 2, occurredAt: at + 500 };
    const shelf = { location: 'warehouse', condition: 'sellable' };
    const corrected = { ...movementOf(count, 6), kind: 'count_correction', quantity: 2, from: { virtual: 'loss' }, to: shelf };
    const netting = { ...movementOf(late, 8), kind: 'netting', from: { virtual: 'loss' }, to: shelf };
    const world: Evidence = {
      ...truth,
      facts: [...truth.facts, count, late],
      ledger: [...truth.ledger, corrected, movementOf(late, 7), netting],
      levels: truth.levels.map((level) => ({ ...level, onHand: 7 })),
      availability: truth.availability.map((answer) => ({ ...answer, now: 7, steps: [{ term: 'usable', difference: 7 }] })),
      channels: truth.channels.map((one) => ({ ...one, beliefs: new Map([['MUG', 7]]), figures: [{ item: 'MUG', available: 7, at: 0, applied: true }] })),
    };
    expect(check(world, POOL).filter((verdict) => !verdict.holds)).toEqual([]);
  });

  it('finds units that a reserving channel was granted beyond what was free', () => {
    const hold: Hold = { system: 'app', order: 'app-1', item: 'MUG', location: 'warehouse', quantity: 6, requestedAt: Date.UTC(2026, 10, 20, 12, 1), answeredAt: Date.UTC(2026, 10, 20, 12, 1), releasedAt: Date.UTC(2026, 10, 20, 12, 2) };
    expect(findings(() => ({ holds: [hold] }))).toContain('app sold 1 of MUG (app-1) that were not there: unexplained');
  });
});
