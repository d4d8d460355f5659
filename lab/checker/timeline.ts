import { SELLABLE } from './balances.js';
import type { ChannelEvidence, Evidence, LedgerMovement, SellingRules, SystemFact } from './evidence.js';

/** One thing that changed how many units of one item were free to sell, in the order in which the hub came to know it. */
export interface FreeChange {
  /** When the hub knew it: recorded for a movement, asked for a hold. Milliseconds since the epoch. */
  readonly knownAt: number;
  /** Signed units. */
  readonly effect: number;
  readonly kind: 'sale' | 'hold' | 'other';
  /** The system whose journal has it; undefined for the hub's own corrections. */
  readonly system: string | undefined;
  readonly fact: SystemFact | undefined;
  readonly order: string | undefined;
  /** For a hold: the hub granted it between `knownAt` and this moment. */
  readonly grantedBefore?: number;
}

const factKey = (system: string | undefined, fact: { eventId: string; line: string; item: string }): string => `${system ?? ''}\n${fact.eventId}\n${fact.line}\n${fact.item}`;

/** Signed units that a movement adds to the sellable stock of the given locations. */
function effectOnPool(movement: LedgerMovement, locations: ReadonlySet<string>): number {
  const within = (account: LedgerMovement['from']): boolean => 'location' in account && account.condition === SELLABLE && locations.has(account.location);
  return (within(movement.to) ? movement.quantity : 0) - (within(movement.from) ? movement.quantity : 0);
}

/**
 * The history of each item in one pool as the hub came to know it: movements in the ledger's order, holds at the moment
 * they were asked for. A sale that follows from a hold took its units when the hold was granted and is not counted again.
 */
export function poolTimelines(evidence: Evidence, pool: readonly string[]): Map<string, FreeChange[]> {
  const locations = new Set(pool);
  const facts = new Map(evidence.facts.map((fact) => [factKey(fact.system, fact), fact]));
  const reserving = new Set(evidence.channels.filter((channel) => channel.decides === 'reserves').map((channel) => channel.channel));
  const timelines = new Map<string, FreeChange[]>();
  const add = (item: string, change: FreeChange): void => {
    const changes = timelines.get(item);
    if (changes) changes.push(change);
    else timelines.set(item, [change]);
  };
  for (const movement of [...evidence.ledger].sort((a, b) => a.position - b.position)) {
    const effect = effectOnPool(movement, locations);
    if (effect === 0) continue;
    const own = movement.kind === 'netting' || movement.kind === 'count_correction';
    const fact = own ? undefined : facts.get(factKey(evidence.sources.get(movement.source), movement));
    const sale = fact?.kind === 'sale';
    if (sale && reserving.has(fact.system)) continue;
    add(movement.item, { knownAt: movement.recordedAt, effect, kind: sale ? 'sale' : 'other', system: fact?.system, fact, order: fact?.order });
  }
  for (const hold of evidence.holds) {
    if (!locations.has(hold.location)) continue;
    add(hold.item, { knownAt: hold.requestedAt, grantedBefore: hold.answeredAt, effect: -hold.quantity, kind: 'hold', system: hold.system, fact: undefined, order: hold.order });
    if (hold.releasedAt !== undefined) add(hold.item, { knownAt: hold.releasedAt, effect: hold.quantity, kind: 'other', system: hold.system, fact: undefined, order: hold.order });
  }
  // The sort is stable: movements of one batch keep the ledger's order.
  for (const changes of timelines.values()) changes.sort((a, b) => a.knownAt - b.knownAt);
  return timelines;
}

/** What a channel with these rules is told when so many units are free. */
export function figureFor(rules: SellingRules, free: number): number {
  return Math.max(0, Math.min(rules.cap ?? Number.POSITIVE_INFINITY, Math.floor(((Math.max(0, free) - rules.safetyStock) * rules.sharePercent) / 100) - rules.threshold - rules.buffer));
}

export function poolName(channel: Pick<ChannelEvidence, 'locations'>): string {
  return [...channel.locations].sort().join('+');
}
