import { describe, expect, it } from 'vitest';
import type { FigureReceived } from '../outside-system.js';
import { PLAIN_RULES, type ChannelEvidence, type Evidence, type Hold, type SystemFact } from './evidence.js';
import { channelLags } from './lag.js';
import { findOversold } from './oversell.js';
import { movementOf, truthfulEvidence } from './sample-evidence.js';

const AT = Date.UTC(2026, 10, 20, 12);
const POOL = ['warehouse'];

interface Told {
  readonly system: string;
  readonly at: number;
  readonly quantity: number;
  /** How long the message took to the hub. */
  readonly delayMs?: number;
}

/** Opens with `stock` units; then the systems sell, and the channels are told the given figures. */
function world(stock: number, sales: readonly Told[], figures: Readonly<Record<string, readonly FigureReceived[]>>): Evidence {
  const truth = truthfulEvidence();
  const opening = { ...(truth.facts[0] as SystemFact), quantity: stock };
  const facts = sales.map((sale, index): SystemFact => ({ ...opening, system: sale.system, kind: 'sale', eventId: `${sale.system}/${index}`, order: `order-${index}`, quantity: sale.quantity, occurredAt: AT + sale.at }));
  const recorded = facts.map((fact, index) => movementOf(fact, 0, sales[index]?.delayMs ?? 20)).sort((a, b) => a.recordedAt - b.recordedAt);
  const channel = (name: string, decides: ChannelEvidence['decides']): ChannelEvidence => ({ channel: name, locations: POOL, rules: PLAIN_RULES, decides, beliefs: new Map(), figures: figures[name] ?? [] });
  return {
    ...truth,
    facts: [opening, ...facts],
    ledger: [movementOf(opening, 0), ...recorded].map((movement, index) => ({ ...movement, position: index + 1 })),
    channels: [channel('shop', 'published'), channel('market', 'published'), channel('tills', 'never-refuses')],
  };
}

const figure = (at: number, available: number): FigureReceived => ({ item: 'MUG', available, at: AT + at, applied: true });
const causes = (evidence: Evidence): string[] => findOversold(evidence, POOL).map((one) => `${one.system} ${one.units} ${one.cause}`);

describe('the autopsy of oversold units', () => {
  it('finds none where everything sold was there', () => {
    expect(causes(world(2, [{ system: 'shop', at: 100, quantity: 1 }, { system: 'market', at: 200, quantity: 1 }], {}))).toEqual([]);
  });

  it('blames the lag when the channel sold before the new figure reached it', () => {
    const evidence = world(1, [{ system: 'shop', at: 100, quantity: 1 }, { system: 'market', at: 130, quantity: 1 }], { market: [figure(150, 0)] });
    expect(causes(evidence)).toEqual(['market 1 lag']);
  });

  it('finds a sale against a figure that the channel had received inexcusable', () => {
    const evidence = world(1, [{ system: 'shop', at: 100, quantity: 1 }, { system: 'market', at: 300, quantity: 1 }], { market: [figure(150, 0)] });
    expect(causes(evidence)).toEqual(['market 1 unexplained']);
  });

  it('does not take a figure that was still high enough for the new one', () => {
    const evidence = world(1, [{ system: 'shop', at: 100, quantity: 1 }, { system: 'market', at: 160, quantity: 1 }], { market: [figure(121, 1), figure(200, 0)] });
    expect(causes(evidence)).toEqual(['market 1 lag']);
  });

  it('blames the late post when the hub could not know', () => {
    const evidence = world(1, [{ system: 'tills', at: 100, quantity: 1, delayMs: 2_000 }, { system: 'market', at: 900, quantity: 1, delayMs: 1_500 }], { market: [figure(2_150, 0)] });
    expect(causes(evidence)).toEqual(['market 1 late post']);
  });

  it('blames a channel\'s own late message when its sale came first', () => {
    const evidence = world(1, [{ system: 'shop', at: 100, quantity: 1, delayMs: 2_000 }, { system: 'market', at: 900, quantity: 1 }], {});
    expect(causes(evidence)).toEqual(['shop 1 told late itself']);
  });

  it('sees that a figure overtook the channel\'s own order', () => {
    const evidence = world(1, [{ system: 'shop', at: 100, quantity: 1 }, { system: 'shop', at: 115, quantity: 1 }], { shop: [figure(110, 1), figure(140, 0)] });
    expect(causes(evidence)).toEqual(['shop 1 own message under way']);
  });

  it('sees that a channel sold again what its own cancellation had put back', () => {
    const evidence = world(1, [{ system: 'shop', at: 100, quantity: 1 }, { system: 'shop', at: 300, quantity: 1 }], { shop: [figure(150, 0)] });
    const sale = evidence.facts[1] as SystemFact;
    const back: SystemFact = { ...sale, kind: 'return', eventId: 'shop/back', occurredAt: AT + 200 };
    const late = { ...movementOf(back, 9, 2_000) };
    expect(causes(evidence)).toEqual(['shop 1 unexplained']);
    expect(causes({ ...evidence, facts: [...evidence.facts, back], ledger: [...evidence.ledger, late] })).toEqual(['shop 1 own message under way']);
  });

  it('says of a till that it asks nobody', () => {
    expect(causes(world(1, [{ system: 'shop', at: 100, quantity: 1 }, { system: 'tills', at: 5_000, quantity: 2 }], {}))).toEqual(['tills 2 counter']);
  });

  it('counts only the units that were missing', () => {
    const evidence = world(3, [{ system: 'shop', at: 100, quantity: 2 }, { system: 'market', at: 110, quantity: 3 }], { market: [figure(150, 0)] });
    expect(causes(evidence)).toEqual(['market 2 lag']);
  });
});

describe('holds of a channel that reserves', () => {
  const hold = (order: string, requested: number, answered: number, quantity = 1): Hold => ({ system: 'app', order, item: 'MUG', location: 'warehouse', quantity, requestedAt: AT + requested, answeredAt: AT + answered });
  const found = (stock: number, sales: readonly Told[], ...holds: Hold[]): string[] => findOversold({ ...world(stock, sales, {}), holds }, POOL).filter((one) => one.system === 'app').map((one) => `${one.order} ${one.units}`);

  it('may not be granted the last unit twice, however they overlap', () => {
    expect(found(1, [], hold('one', 1_000, 1_020), hold('two', 1_010, 1_015))).toEqual(['one 1']);
    expect(found(2, [], hold('one', 1_000, 1_020), hold('two', 1_010, 1_015))).toEqual([]);
  });

  it('may not be granted what was sold well before', () => {
    expect(found(1, [{ system: 'shop', at: 100, quantity: 1 }], hold('one', 1_000, 1_010))).toEqual(['one 1']);
  });

  it('may be granted what was written down at that very moment, for the grant may have come first', () => {
    expect(found(1, [{ system: 'shop', at: 950, quantity: 1 }], hold('one', 1_000, 1_010))).toEqual([]);
  });

  it('may be granted what came in before the answer', () => {
    const evidence = world(0, [], {});
    const receipt: SystemFact = { ...(evidence.facts[0] as SystemFact), kind: 'receipt', eventId: 'office/receipt', quantity: 1, occurredAt: AT + 1_000 };
    const late = { ...evidence, facts: [...evidence.facts, receipt], ledger: [...evidence.ledger, movementOf(receipt, 5)] };
    expect(findOversold({ ...late, holds: [hold('one', 990, 1_030)] }, POOL)).toEqual([]);
    expect(findOversold({ ...late, holds: [hold('one', 990, 1_010)] }, POOL)).toHaveLength(1);
  });
});

describe('the pace of life', () => {
  const oversold = world(1, [{ system: 'shop', at: 100, quantity: 1 }, { system: 'market', at: 130, quantity: 1 }], { market: [figure(150, 0)] });
  const judged = (placedAt: readonly [string, number][]): boolean | undefined => findOversold({ ...oversold, placedAt: new Map(placedAt) }, POOL)[0]?.atLifePace;

  it('would have let the figure arrive between two orders that lie minutes apart', () => {
    expect(judged([['order-0', 0], ['order-1', 60_000]])).toBe(false);
  });

  it('would not have helped where the orders lie closer together than the figure takes', () => {
    expect(judged([['order-0', 0], ['order-1', 49]])).toBe(true);
    expect(judged([['order-0', 0], ['order-1', 51]])).toBe(false);
  });

  it('is not presumed where an order\'s moment is not known', () => {
    expect(judged([])).toBe(true);
  });
});

describe('the lag of a channel', () => {
  it('runs from the sale, and from its record, to the next figure', () => {
    const evidence = world(5, [{ system: 'shop', at: 100, quantity: 1 }, { system: 'shop', at: 500, quantity: 1 }], { market: [figure(150, 4), figure(600, 3)] });
    const lag = channelLags(evidence).find((one) => one.channel === 'market');
    expect(lag?.fromSale).toEqual([50, 100]);
    expect(lag?.fromRecord).toEqual([30, 80]);
    expect(lag?.changes).toBe(3);
  });

  it('waits for nothing when the figure stays zero', () => {
    const evidence = world(1, [{ system: 'shop', at: 100, quantity: 1 }, { system: 'tills', at: 200, quantity: 1 }], { market: [figure(150, 0), figure(900, 0)] });
    expect(channelLags(evidence).find((one) => one.channel === 'market')?.fromSale).toEqual([50]);
  });
});
