/** Names a thing in the outside system's own words. The hub resolves it to a canonical id by cross-reference. */
export interface ExternalRef {
  /** The kind of id in the outside system, for example `variant`, `inventory-item`, `location`, `sku`. */
  readonly type: string;
  readonly id: string;
  /** The stock-keeping unit, where the message carries it: used when the connection matches items by SKU. */
  readonly sku?: string;
}

export type MovementKind = 'sale' | 'receipt' | 'return' | 'adjustment' | 'damage';

export type StockCondition = 'sellable' | 'damaged' | 'quality_control' | 'in_transit';

/**
 * A delta: so many units moved because of one fact in the outside world.
 * `eventId` and `line` are the fact's business key, the same for every message that tells of it; the hub applies a
 * key once, for ever. Order of arrival does not matter.
 */
export interface StockMoved {
  readonly kind: 'StockMoved';
  readonly eventId: string;
  readonly line: string;
  readonly movement: MovementKind;
  readonly item: ExternalRef;
  readonly location: ExternalRef;
  readonly condition?: StockCondition;
  /** Units, positive; for an `adjustment` negative takes away. */
  readonly quantity: number;
  /** RFC 3339, when it happened outside. */
  readonly occurredAt: string;
}

/**
 * An absolute figure as of a moment. It corrects the balance as of that moment: later movements stay, and an
 * observation older than the last applied one changes nothing.
 */
export interface StockObserved {
  readonly kind: 'StockObserved';
  readonly eventId: string;
  readonly item: ExternalRef;
  readonly location: ExternalRef;
  readonly condition?: StockCondition;
  readonly quantity: number;
  /** RFC 3339. */
  readonly asOf: string;
  /** `netOfOrders`: the figure has the open orders that the outside system knows of subtracted already. */
  readonly basis: 'onHand' | 'netOfOrders';
}

export type CanonicalEvent = StockMoved | StockObserved;
