import { ConnectorError } from '@crossdock/connector-sdk';
import { type Fields, isRecord, recordsOf } from '../mapping/fields.js';

/** What holds for the shop's variants unless one says otherwise. */
export interface Shop {
  readonly trackInventory: boolean;
  readonly threshold: number;
}

/** One variant at the configured location. */
export interface Shelf {
  readonly onHand: number;
  /** What the shop lets its customers have: on hand, less allocated to orders, less the threshold. */
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

/** By variant id. A variant that has no level at the location yet has nothing there. @throws ConnectorError transient */
export function shelvesOf(variants: unknown, shop: Shop, locationId: string): ReadonlyMap<string, Shelf> {
  const found = isRecord(variants) ? recordsOf(variants['items']) : [];
  return new Map(found.map((variant) => [String(variant['id']), shelfOf(variant, shop, locationId)]));
}

function shelfOf(variant: Fields, shop: Shop, locationId: string): Shelf {
  const level = recordsOf(variant['stockLevels']).find((one) => one['stockLocationId'] === locationId);
  const onHand = level === undefined ? 0 : numberOf(level['stockOnHand']);
  const allocated = level === undefined ? 0 : numberOf(level['stockAllocated']);
  const threshold = variant['useGlobalOutOfStockThreshold'] === true ? shop.threshold : numberOf(variant['outOfStockThreshold']);
  const track = variant['trackInventory'];
  return { onHand, sellable: onHand - allocated - threshold, tracked: track === 'TRUE' || (track === 'INHERIT' && shop.trackInventory) };
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number') throw new ConnectorError('transient', 'the answer held a figure that is no number');
  return value;
}
