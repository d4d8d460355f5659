import type { ExternalRef, MovementKind, StockCondition } from './events.js';

/**
 * Where stock came from or went to: a place that this connection maps, or one of the accounts that make each movement
 * two-sided. `elsewhere` is a real place of the retailer that this outside system does not know.
 */
export type PostingAccount =
  | { readonly location: ExternalRef; readonly condition: StockCondition }
  | { readonly virtual: 'supplier' | 'customer' | 'loss' | 'opening' | 'elsewhere' };

/** One movement of the hub's ledger, to be written into the outside system's books. */
export interface MovementPosting {
  /** The movement's identity for ever, 1 to 64 characters of [A-Za-z0-9.:-]: find it before you create it. */
  readonly key: string;
  /** `count_correction` and `netting` come from counts that the hub took in; their sum is what the books must follow. */
  readonly movement: MovementKind | 'transfer' | 'opening' | 'count_correction' | 'netting';
  readonly item: ExternalRef;
  /** Whole units of the item's stock-keeping unit, above zero. */
  readonly quantity: number;
  readonly from: PostingAccount;
  readonly to: PostingAccount;
  /** RFC 3339, when it happened. */
  readonly occurredAt: string;
}

/** Exactly one answer a posting, in the same order. */
export type PostResult =
  /** Written now; `reference` is what a person finds it by in the outside system. */
  | { readonly kind: 'applied'; readonly reference?: string }
  /** An earlier attempt had written it: its key was found. */
  | { readonly kind: 'duplicate'; readonly reference?: string }
  /** Nothing to write: both accounts are one place in the outside system. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'rejected'; readonly code: string; readonly detail: string }
  | { readonly kind: 'retry'; readonly afterMs: number; readonly reason: string }
  /** Sent, but the outcome is unknown. The hub hands it over again, and the connector looks its key up first. */
  | { readonly kind: 'ambiguous'; readonly reason: string };
