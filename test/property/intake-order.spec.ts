import { randomUUID } from 'node:crypto';
import type { CanonicalEvent } from '@crossdock/connector-sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Inbox } from '../../src/core/intake/inbox.js';
import { WakeUps } from '../../src/core/orchestration/wake-ups.js';
import { moved, observed, startIntakeApp, type IntakeApp } from '../support/intake.js';

let hub: IntakeApp;

beforeAll(async () => {
  hub = await startIntakeApp();
});
afterAll(() => hub.stop());

type Fact = { readonly kind: 'receipt' | 'sale' | 'adjustment' | 'damage' | 'count'; readonly item: 'A' | 'B'; readonly quantity: number; readonly minute: number };
/** One delivery: which facts it tells of, and how often it is sent. */
type Telling = { readonly facts: readonly number[]; readonly times: number };

const fact: fc.Arbitrary<Fact> = fc.record({
  kind: fc.constantFrom('receipt', 'sale', 'adjustment', 'damage', 'count'), item: fc.constantFrom('A', 'B'), quantity: fc.integer({ min: 1, max: 50 }), minute: fc.integer({ min: 0, max: 500 }),
});

/** Facts, told in any order, some several times and in several deliveries, with a pause (and the mapping) somewhere in between. */
const history = fc.uniqueArray(fact, { minLength: 1, maxLength: 12, selector: ({ minute }) => minute }).chain((facts) => {
  const index = fc.nat({ max: facts.length - 1 });
  const tellings = fc.array(fc.record({ facts: fc.array(index, { minLength: 1, maxLength: 4 }), times: fc.integer({ min: 1, max: 3 }) }), { maxLength: 10 });
  return fc.record({
    facts: fc.constant(facts), extra: tellings, order: fc.shuffledSubarray(facts.map((_, place) => place), { minLength: facts.length }),
    mappedAfter: fc.nat({ max: 12 }), itemMapped: fc.boolean(),
  });
});

const epoch = Date.UTC(2026, 0, 1);

function eventOf({ kind, item, quantity, minute }: Fact, place: string, index: number, prefix: string, itemName: (item: string) => string): CanonicalEvent {
  const at = new Date(epoch + minute * 60_000).toISOString();
  const named = { item: itemName(item), location: place, eventId: `${prefix}-${index}`, quantity };
  return kind === 'count' ? observed({ ...named, asOf: at }) : moved({ ...named, movement: kind, occurredAt: at });
}

/** Tells `tellings` in order; the place (and perhaps item B) becomes known after some of them. */
async function tell(prefix: string, facts: readonly Fact[], tellings: readonly Telling[], known: { readonly after: number; readonly item: boolean }): Promise<object> {
  const [inbox, wakeUps] = [hub.app.get(Inbox), hub.app.get(WakeUps)];
  const itemName = (item: string): string => (item === 'B' && !known.item ? `B-${prefix}` : item);
  await hub.api('PUT', `/locations/${prefix}`, { name: prefix, type: 'store', owner: 'tape-1' });
  const learn = async (): Promise<void> => {
    await hub.map('location', 'place', prefix, prefix);
    if (!known.item) await hub.map('item', 'sku-of-tape', `B-${prefix}`, 'B');
  };
  let learnt = false;
  for (const [step, { facts: told, times }] of tellings.entries()) {
    if (step === known.after) {
      await hub.settled();
      await learn();
      learnt = true;
    }
    const body = Buffer.from(JSON.stringify({ events: told.map((index) => eventOf(facts[index] as Fact, prefix, index, prefix, itemName)) }));
    const senderKey = randomUUID();
    // Sent again with the same id it is a duplicate delivery; with another, a duplicate fact.
    await Promise.all(Array.from({ length: times }, (_, time) => inbox.accept({
      sourceId: hub.sources['tape-1'] ?? 0, senderKey: time === 1 ? randomUUID() : senderKey, topic: 'stock', headers: {}, correlationId: prefix, body,
    })));
  }
  if (!learnt) await learn();
  for (let held = 1; held > 0;) {
    await hub.settled();
    wakeUps.ring('intake.parked');
    await wakeUps.idle();
    held = (await hub.db.query<{ held: number }>('select count(*) as held from intake.held'))[0]?.held ?? 0;
  }
  const rows = (await hub.api('GET', `/stock-levels?location=${prefix}&limit=1000`)).body.items as { item: string; condition: string; onHand: number }[];
  return Object.fromEntries(rows.filter(({ onHand }) => onHand !== 0).map(({ item, condition, onHand }) => [`${item} ${condition}`, onHand]).sort());
}

describe('deliveries, however they come', () => {
  it('end in the same stock: repeated, shuffled, regrouped, and before or after their names are known', async () => {
    let run = 0;
    await fc.assert(fc.asyncProperty(history, async ({ facts, extra, order, mappedAfter, itemMapped }) => {
      run += 1;
      const plainly = await tell(`p${run}`, facts, facts.map((_, index) => ({ facts: [index], times: 1 })), { after: 0, item: true });
      const whole = order.map((index) => ({ facts: [index], times: 1 }));
      const mixed = [...extra, ...whole].sort((a, b) => (a.facts[0] ?? 0) * 7 % 5 - (b.facts[0] ?? 0) * 7 % 5);
      const oddly = await tell(`o${run}`, facts, mixed, { after: mappedAfter, item: itemMapped });
      expect(oddly).toEqual(plainly);
    }), { numRuns: 15 });
  }, 60_000);
});
