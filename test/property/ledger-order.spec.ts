import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startStockApp, type StockApp } from '../support/stock.js';

let stock: StockApp;
let run = 0;

beforeAll(async () => {
  stock = await startStockApp();
});
afterAll(() => stock?.stop());

const KINDS = ['sale', 'receipt', 'return', 'adjustment'] as const;
const PLACES = ['dc', 'store-1'] as const;

interface Fact {
  readonly type: 'movement' | 'count';
  readonly kind: (typeof KINDS)[number];
  readonly place: (typeof PLACES)[number];
  readonly quantity: number;
  readonly minute: number;
}

const fact: fc.Arbitrary<Fact> = fc.record({
  type: fc.constantFrom('movement', 'movement', 'movement', 'count'),
  kind: fc.constantFrom(...KINDS),
  place: fc.constantFrom(...PLACES),
  quantity: fc.integer({ min: 1, max: 20 }),
  // Few distinct moments, so that equal ones are common.
  minute: fc.integer({ min: 0, max: 6 }),
});

/** What anybody would say who knows all facts, in whatever order they came: the last count, and what happened after it. */
function expected(facts: readonly Fact[], place: string): number {
  const counts = facts.map((one, index) => ({ ...one, name: name(index) })).filter((one) => one.type === 'count' && one.place === place);
  counts.sort((a, b) => a.minute - b.minute || (a.name < b.name ? -1 : 1));
  const last = counts[counts.length - 1];
  return facts
    .filter((one) => one.type === 'movement' && one.place === place && (!last || one.minute > last.minute))
    .reduce((sum, one) => sum + (one.kind === 'sale' ? -one.quantity : one.quantity), last?.quantity ?? 0);
}

const name = (index: number): string => `e${String(index).padStart(2, '0')}`;

async function bring(facts: readonly Fact[], order: readonly number[], item: string): Promise<void> {
  // Each fact alone or beside its neighbours of the same type, as real senders batch.
  for (let start = 0; start < order.length; ) {
    const type = facts[order[start] as number]?.type;
    let end = start + 1;
    while (end < order.length && end - start < 3 && facts[order[end] as number]?.type === type) end += 1;
    const chosen = order.slice(start, end).map((index) => ({ index, ...(facts[index] as Fact) }));
    const moment = (minute: number): string => new Date(Date.UTC(2026, 5, 1, 12, minute)).toISOString();
    if (type === 'count') await stock.count(...chosen.map((one) => ({ eventId: `${item}-${name(one.index)}`, item, quantity: one.quantity, location: one.place, asOf: moment(one.minute) })));
    else await stock.move(...chosen.map((one) => ({ eventId: `${item}-${name(one.index)}`, kind: one.kind, item, quantity: one.quantity, location: one.place, occurredAt: moment(one.minute) })));
    start = end;
  }
}

it('ends alike whatever the order and however often facts arrive, and its level is the fold of its ledger', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fact, { minLength: 1, maxLength: 14 }).chain((facts) => {
        const indices = facts.map((_, index) => index);
        return fc.record({ facts: fc.constant(facts), order: fc.shuffledSubarray(indices, { minLength: indices.length }), repeats: fc.subarray(indices) });
      }),
      async ({ facts, order, repeats }) => {
        run += 1;
        const item = `p${run}`;
        await stock.api('PUT', `/api/v1/items/${item}`, { name: item });
        await bring(facts, [...order, ...repeats], item);
        const levels = (await stock.api('GET', `/api/v1/stock-levels?item=${item}`)).body.items as { location: string; onHand: number }[];
        // The feed serves up to a safe watermark: a transaction that is open anywhere in the cluster holds the newest entries back.
        const fold = async (place: string): Promise<number> => {
          const ledger = (await stock.api('GET', `/api/v1/ledger?item=${item}&limit=1000`)).body.items as { quantity: number; from: { location?: string }; to: { location?: string } }[];
          return ledger.reduce((sum, entry) => sum + (entry.to.location === place ? entry.quantity : 0) - (entry.from.location === place ? entry.quantity : 0), 0);
        };
        for (const place of PLACES) {
          const onHand = levels.find((level) => level.location === place)?.onHand ?? 0;
          expect(onHand).toBe(expected(facts, place));
          await expect.poll(() => fold(place), { timeout: 10_000 }).toBe(onHand);
        }
        const total = levels.reduce((sum, level) => sum + Math.max(0, level.onHand), 0);
        expect(await stock.now('web', item)).toBe(total);
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);
