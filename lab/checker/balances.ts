import type { Account, LedgerMovement, StockLevel, SystemFact } from './evidence.js';

/** Units by shelf (item, location and condition in one key); shelves that hold nothing are left out. */
export type Balances = ReadonlyMap<string, number>;

export const SELLABLE = 'sellable';

export function shelfKey(item: string, location: string, condition: string = SELLABLE): string {
  return JSON.stringify([item, location, condition]);
}

/** `SKU-1 in warehouse`, with the condition where it is not the usual one. */
export function shelfName(key: string): string {
  const [item, location, condition] = JSON.parse(key) as [string, string, string];
  return `${item} in ${location}${condition === SELLABLE ? '' : ` (${condition})`}`;
}

function withoutZeros(balances: Map<string, number>): Balances {
  for (const [key, units] of balances) if (units === 0) balances.delete(key);
  return balances;
}

/** What the ledger adds up to: every movement takes from one account and gives to another. */
export function foldLedger(ledger: readonly LedgerMovement[]): Balances {
  const balances = new Map<string, number>();
  const add = (item: string, account: Account, units: number): void => {
    if ('virtual' in account) return;
    const key = shelfKey(item, account.location, account.condition);
    balances.set(key, (balances.get(key) ?? 0) + units);
  };
  for (const movement of ledger) {
    add(movement.item, movement.from, -movement.quantity);
    add(movement.item, movement.to, movement.quantity);
  }
  return withoutZeros(balances);
}

export function levelBalances(levels: readonly StockLevel[]): Balances {
  return withoutZeros(new Map(levels.map((level) => [shelfKey(level.item, level.location, level.condition), level.onHand])));
}

/** What a fact does to the shelf, signed; a count is no difference and is asked for elsewhere. */
export function effectOf(fact: Pick<SystemFact, 'kind' | 'quantity'>): number {
  switch (fact.kind) {
    case 'sale':
    case 'damage':
      return -fact.quantity;
    case 'count':
      return 0;
    default:
      return fact.quantity;
  }
}

/**
 * What the outside systems' journals say is there, in the order in which things happened and not in which they were told: a
 * count makes the shelf what was counted at that moment, and everything that happened before it no longer matters.
 */
export function foldJournals(facts: readonly SystemFact[]): Balances {
  const balances = new Map<string, number>();
  // At the same moment the count comes last: it was taken of a shelf on which the others had happened.
  const inOrder = [...facts].sort((a, b) => a.occurredAt - b.occurredAt || Number(a.kind === 'count') - Number(b.kind === 'count'));
  for (const fact of inOrder) {
    const key = shelfKey(fact.item, fact.location);
    balances.set(key, fact.kind === 'count' ? fact.quantity : (balances.get(key) ?? 0) + effectOf(fact));
    if (fact.kind !== 'damage') continue;
    const damaged = shelfKey(fact.item, fact.location, 'damaged');
    balances.set(damaged, (balances.get(damaged) ?? 0) + fact.quantity);
  }
  return withoutZeros(balances);
}
