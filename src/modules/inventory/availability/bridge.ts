import { invariant } from '../../../core/errors/index.js';

/** What a channel's owner decided, and the sums of its pool, for one item. Units in the item's stock-keeping unit. */
export interface AvailabilityInputs {
  /** Sum over the pool's locations of what is on hand, sellable, and not reserved there. */
  readonly usable: number;
  /** Sum over the pool's locations of the safety stock that is really covered by usable units. */
  readonly safetyAtLocations: number;
  /** Units reserved at a location that are not there: they must come from elsewhere. */
  readonly stranded: number;
  /** Network holds, not sourced yet, of every pool that shares a location with this one. */
  readonly demand: number;
  /** The channel's own safety stock for the whole pool; the larger of the two counts. */
  readonly safetyStock: number;
  readonly sharePercent: number;
  readonly threshold: number;
  readonly buffer: number;
  readonly cap: number | null;
}

export type BridgeTerm = 'usable' | 'safety' | 'demand' | 'stranded' | 'share' | 'threshold' | 'buffer' | 'cap' | 'floor';

/** Signed steps that add up to the figure, in the order in which they are taken. */
export interface Bridge {
  readonly now: number;
  readonly terms: readonly { readonly term: BridgeTerm; readonly amount: number }[];
}

/**
 * Available to sell now, step by step. It is the formula of the database's inventory.now_to_sell; a property test holds
 * the two against each other.
 */
export function bridge(inputs: AvailabilityInputs): Bridge {
  const terms: { term: BridgeTerm; amount: number }[] = [];
  let running = 0;
  const step = (term: BridgeTerm, next: number): void => {
    // `+ 0` turns -0 into 0, which JSON and equality would otherwise tell apart.
    terms.push({ term, amount: next - running + 0 });
    running = next;
  };
  step('usable', inputs.usable);
  step('safety', running - Math.max(inputs.safetyStock, inputs.safetyAtLocations));
  step('demand', running - inputs.demand);
  step('stranded', running - inputs.stranded);
  step('share', Math.trunc((running * inputs.sharePercent) / 100));
  step('threshold', running - inputs.threshold);
  step('buffer', running - inputs.buffer);
  step('cap', inputs.cap === null ? running : Math.min(inputs.cap, running));
  step('floor', Math.max(0, running));
  const now = running + 0;
  invariant(terms.reduce((sum, { amount }) => sum + amount, 0) === now, 'the bridge does not add up');
  return { now, terms };
}
