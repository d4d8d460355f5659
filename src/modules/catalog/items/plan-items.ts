import type { SaveOutcome } from '../directory/save-outcome.js';
import type { Item } from './item.js';

export interface ItemPlan {
  /** One an item, in order. */
  readonly outcomes: SaveOutcome[];
  /** The items to create or change. */
  readonly writes: Item[];
  /** Stored items whose SKU changes: each must give up its old one before any may take its new one. */
  readonly renamed: string[];
}

/**
 * Decides, without touching anything, what saving the items one after the other would do: a SKU that an earlier item
 * gives up is free for a later one, and not the other way round.
 * @param items with different ids.
 * @param stored those of them that exist, by id.
 * @param holders which item has each of the wanted SKUs now.
 */
export function planItems(items: readonly Item[], stored: ReadonlyMap<string, Item>, holders: ReadonlyMap<string, string>): ItemPlan {
  const heldBy = new Map(holders);
  const plan: ItemPlan = { outcomes: [], writes: [], renamed: [] };
  for (const item of items) {
    const before = stored.get(item.id);
    const holder = heldBy.get(item.sku);
    if (holder !== undefined && holder !== item.id) {
      plan.outcomes.push({ status: 'rejected', code: 'CONFLICT', pointer: '/sku', detail: `The SKU '${item.sku}' belongs to the item '${holder}'.` });
      continue;
    }
    plan.outcomes.push({ status: statusOf(item, before) });
    if (statusOf(item, before) === 'unchanged') continue;
    plan.writes.push(item);
    if (before && before.sku !== item.sku) {
      heldBy.delete(before.sku);
      plan.renamed.push(item.id);
    }
    heldBy.set(item.sku, item.id);
  }
  return plan;
}

function statusOf(item: Item, before: Item | undefined): 'created' | 'updated' | 'unchanged' {
  if (!before) return 'created';
  return item.name === before.name && item.sku === before.sku && item.gtin === before.gtin && item.unit === before.unit ? 'unchanged' : 'updated';
}
