import type { StockAccount, StockCondition } from './stock.js';

export type ReportedKind = 'sale' | 'receipt' | 'return' | 'adjustment' | 'damage' | 'transfer' | 'opening';

/**
 * The two sides of a reported fact: units that leave the retailer go to `customer`, units from outside come from
 * `supplier` or `customer`, a person's adjustment comes from or goes to `loss`, damage stays in its location. `signed` is
 * the reported quantity; only an adjustment may carry a negative one. `arrival` is where a transfer goes.
 */
export function movementAccounts(kind: ReportedKind, signed: number, location: string, condition: StockCondition, arrival?: string): { from: StockAccount; to: StockAccount } {
  const here = { location, condition };
  switch (kind) {
    case 'sale': return { from: here, to: { virtual: 'customer' } };
    case 'return': return { from: { virtual: 'customer' }, to: here };
    case 'receipt': return { from: { virtual: 'supplier' }, to: here };
    case 'opening': return { from: { virtual: 'opening' }, to: here };
    case 'damage': return { from: { location, condition: 'sellable' }, to: { location, condition: 'damaged' } };
    case 'transfer': return { from: here, to: { location: arrival ?? location, condition } };
    case 'adjustment': return signed < 0 ? { from: here, to: { virtual: 'loss' } } : { from: { virtual: 'loss' }, to: here };
  }
}
