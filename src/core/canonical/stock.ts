import type { MovementKind, StockCondition } from '@crossdock/connector-sdk';

export type { MovementKind, StockCondition };

/** Where a fact came from, for dedupe, ownership and the audit trail. Connections and API clients share one sequence of ids. */
export type SourceId = number;

/**
 * One movement in canonical terms, before the ledger. Item and location are canonical ids (what the API calls `item`
 * and `location`). (source, eventId, line) is applied once, for ever.
 */
export interface StockMovement {
  readonly source: SourceId;
  readonly eventId: string;
  readonly line: string;
  readonly kind: LedgerKind;
  readonly item: string;
  /** Units in the item's stock-keeping unit, above zero. */
  readonly quantity: number;
  readonly from: StockAccount;
  readonly to: StockAccount;
  readonly occurredAt: Date;
  readonly correlationId: string;
}

/** Movement kinds as the ledger knows them; `count_correction` and `netting` are written by the hub alone. */
export type LedgerKind = MovementKind | 'transfer' | 'opening' | 'count_correction' | 'netting';

/** A real place and condition, or one of the virtual accounts that make every movement two-sided. */
export type StockAccount =
  | { readonly location: string; readonly condition: StockCondition }
  | { readonly virtual: 'supplier' | 'customer' | 'loss' | 'opening' };

/** One absolute figure in canonical terms. */
export interface StockObservation {
  readonly source: SourceId;
  readonly eventId: string;
  readonly item: string;
  readonly location: string;
  readonly condition: StockCondition;
  readonly quantity: number;
  readonly asOf: Date;
  /**
   * What the figure stands for. Both are applied alike as of their moment: an outside order is a sale in the ledger from
   * the moment it was placed, so a figure net of orders is the ledger's own on hand. Holds made through the hub are no
   * part of either.
   */
  readonly basis: 'onHand' | 'netOfOrders';
  readonly correlationId: string;
}
