import { ConnectorError } from '@crossdock/connector-sdk';
import { type Fields, isRecord, recordsOf } from '../mapping/fields.js';

/** What holds for the shop's variants unless one says otherwise. */
export interface Shop {
  readonly trackInventory: boolean;
  readonly threshold: number;
}

interface Level {
  readonly locationId: string;
  readonly onHand: number;
  readonly allocated: number;
}

/** One variant, at every location that the channel sells from. */
export interface Shelf {
  readonly levels: readonly Level[];
  /** What the shop lets its customers have: on hand, less allocated to orders, at all locations together, less the threshold. */
  readonly sellable: number;
  /** False: the shop counts nothing and sells without limit. */
  readonly tracked: boolean;
}

/** Undefined where the answer does not know the location. @throws ConnectorError transient */
export function shopOf({ globalSettings, stockLocation }: Fields): Shop | undefined {
  if (!isRecord(globalSettings)) throw new ConnectorError('transient', 'the answer held no settings');
  if (!isRecord(stockLocation)) return undefined;
  return { trackInventory: globalSettings['trackInventory'] === true, threshold: numberOf(globalSettings['outOfStockThreshold']) };
}

/** By variant id. @throws ConnectorError transient */
export function shelvesOf(variants: unknown, shop: Shop): ReadonlyMap<string, Shelf> {
  const found = isRecord(variants) ? recordsOf(variants['items']) : [];
  return new Map(found.map((variant) => [String(variant['id']), shelfOf(variant, shop)]));
}

/**
 * The stock on hand to write so that the shop can sell `sellable`; nothing where it can. What is more goes to the location
 * that the hub publishes to. What is less is taken there first, and elsewhere only what the shop holds free beyond the
 * figure; a variant that has no level at a location yet has nothing there.
 */
export function restocked({ levels, sellable: now }: Shelf, locationId: string, sellable: number): StockOnHand[] {
  const own = levels.find((level) => level.locationId === locationId) ?? { locationId, onHand: 0, allocated: 0 };
  const others = levels.filter((level) => level !== own);
  let missing = now - sellable;
  const taken = new Map<Level, number>();
  for (const level of [own, ...others]) {
    const units = Math.min(Math.max(missing, 0), Math.max(level.onHand - level.allocated, 0));
    taken.set(level, units);
    missing -= units;
  }
  // What is left is owed, or to be added.
  taken.set(own, (taken.get(own) ?? 0) + missing);
  return [...taken].filter(([, units]) => units !== 0).map(([level, units]) => ({ stockLocationId: level.locationId, stockOnHand: level.onHand - units }));
}

export interface StockOnHand {
  readonly stockLocationId: string;
  readonly stockOnHand: number;
}

function shelfOf(variant: Fields, shop: Shop): Shelf {
  // Vendure lists those of the channel's locations.
  const levels = recordsOf(variant['stockLevels']).map((level) => ({ locationId: String(level['stockLocationId']), onHand: numberOf(level['stockOnHand']), allocated: numberOf(level['stockAllocated']) }));
  const free = levels.reduce((sum, { onHand, allocated }) => sum + onHand - allocated, 0);
  const threshold = variant['useGlobalOutOfStockThreshold'] === true ? shop.threshold : numberOf(variant['outOfStockThreshold']);
  const track = variant['trackInventory'];
  return { levels, sellable: free - threshold, tracked: track === 'TRUE' || (track === 'INHERIT' && shop.trackInventory) };
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number') throw new ConnectorError('transient', 'the answer held a figure that is no number');
  return value;
}
