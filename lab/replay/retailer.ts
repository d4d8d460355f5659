import { PLAIN_RULES, type SellingRules } from '../checker/evidence.js';
import type { StockKeeper } from '../outside-system.js';
import { Catalogue, Marketplace, ReservingApp, ShopifyShop, StoreTills, type DeliveryBehaviour, type Outlet } from '../simulators/index.js';
import { LOCATIONS, WAREHOUSE, type ScriptItem, type SystemName } from './trading-script.js';

/** How a system is set up as a channel of the hub. */
export interface ChannelPlan {
  readonly system: SystemName;
  readonly name: string;
  readonly locations: readonly string[];
  readonly rules: SellingRules;
}

const STORES = LOCATIONS.map((location) => location.id);

/**
 * Every online channel promises from the warehouse; the tills are shown what the whole retailer has. Marketplace B is sold to
 * with one unit in hand, as one does with a channel that has often oversold.
 */
export const CHANNEL_PLANS: readonly ChannelPlan[] = [
  { system: 'shop', name: 'Web shop', locations: [WAREHOUSE], rules: PLAIN_RULES },
  { system: 'marketplace-a', name: 'Marketplace A', locations: [WAREHOUSE], rules: PLAIN_RULES },
  { system: 'marketplace-b', name: 'Marketplace B', locations: [WAREHOUSE], rules: { ...PLAIN_RULES, buffer: 1 } },
  { system: 'app', name: 'App (reserves through the hub)', locations: [WAREHOUSE], rules: PLAIN_RULES },
  { system: 'tills', name: 'Store tills', locations: STORES, rules: PLAIN_RULES },
];

/** The practice retailer's outside systems. */
export interface Retailer {
  readonly systems: Readonly<Record<SystemName, Outlet>>;
  /** The store staff post by the tills. */
  readonly stores: StockKeeper;
}

export interface RetailerOptions {
  readonly items: readonly ScriptItem[];
  readonly seed: number;
  readonly delivery: Partial<DeliveryBehaviour>;
  /** Milliseconds since the epoch; the wall clock by default. */
  readonly now?: () => number;
}

export function makeRetailer({ items, seed, delivery, now }: RetailerOptions): Retailer {
  const catalogue = new Catalogue(items);
  const online = (name: SystemName) => ({ name, catalogue, locations: [WAREHOUSE], seed, delivery, now });
  const tills = new StoreTills({ ...online('tills'), locations: STORES });
  return {
    systems: {
      shop: new ShopifyShop(online('shop')),
      'marketplace-a': new Marketplace(online('marketplace-a')),
      'marketplace-b': new Marketplace(online('marketplace-b')),
      app: new ReservingApp(online('app')),
      tills,
    },
    stores: tills,
  };
}
