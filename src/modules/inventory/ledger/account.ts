import type { LedgerKind, StockAccount, StockCondition } from '../../../core/canonical/index.js';
import { invariant } from '../../../core/errors/index.js';

/** The numbers that stand in the database for conditions, virtual accounts and kinds; they never change. */
const CONDITIONS: readonly StockCondition[] = ['sellable', 'damaged', 'quality_control', 'in_transit'];
const VIRTUALS = ['supplier', 'customer', 'loss', 'opening'] as const;
const KINDS: readonly LedgerKind[] = ['sale', 'receipt', 'return', 'adjustment', 'damage', 'transfer', 'opening', 'count_correction', 'netting'];

export type VirtualAccount = (typeof VIRTUALS)[number];

/** An account id back in words; `locationId` is undefined for a virtual account. */
export type AccountParts = { readonly locationId: number; readonly condition: StockCondition } | { readonly virtual: VirtualAccount };

/** `location_id * 8 + condition`; below 8 stand the virtual accounts. */
export function physicalAccount(locationId: number, condition: StockCondition): number {
  return locationId * 8 + CONDITIONS.indexOf(condition);
}

export function virtualAccount(name: VirtualAccount): number {
  return VIRTUALS.indexOf(name);
}

export function accountParts(account: number): AccountParts {
  if (account < 8) {
    const virtual = VIRTUALS[account];
    invariant(virtual, `account ${account} is no account`);
    return { virtual };
  }
  const condition = CONDITIONS[account & 7];
  invariant(condition, `account ${account} has no such condition`);
  return { locationId: account >> 3, condition };
}

export function kindNumber(kind: LedgerKind): number {
  return KINDS.indexOf(kind);
}

export function kindName(number: number): LedgerKind {
  const kind = KINDS[number];
  invariant(kind, `kind ${number} is no kind of movement`);
  return kind;
}

export function locationOf(account: StockAccount): string | undefined {
  return 'location' in account ? account.location : undefined;
}
