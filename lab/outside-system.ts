/**
 * What the replay asks of every simulated system of the practice retailer, and what the checker reads from it
 * afterwards. A simulator knows items and locations by the hub's canonical ids as well as by its own: it is the one that
 * can say which outside id stands for which canonical one. All times are milliseconds since the epoch by this machine's clock.
 */

export type FactKind = 'opening' | 'sale' | 'return' | 'receipt' | 'adjustment' | 'damage' | 'count';

/**
 * One fact as the outside system wrote it down at the moment that it happened, before any message about it left.
 * `eventId` and `line` are the fact's business key, the same that the hub's ledger must show exactly once.
 */
export interface JournalFact {
  readonly eventId: string;
  readonly line: string;
  readonly kind: FactKind;
  /** Canonical ids. */
  readonly item: string;
  readonly location: string;
  /** Units, above zero; an `adjustment` is signed; a `count` is the absolute figure that was counted (zero and above). */
  readonly quantity: number;
  readonly occurredAt: number;
  /** When the first message about it was handed to the network: later than `occurredAt` for a late post. */
  postedAt?: number;
  /** The order that it belongs to, in the replay's words. */
  readonly order?: string;
}

/** A figure that the hub sent, as it arrived. */
export interface FigureReceived {
  readonly item: string;
  readonly available: number;
  readonly at: number;
  /** False when the simulator refused this item this time (throttled, per-item error): its belief did not change. */
  readonly applied: boolean;
}

/** What the system's messages went through on their way to the hub. */
export interface DeliveryCounts {
  readonly deliveries: number;
  readonly duplicates: number;
  readonly late: number;
  readonly shuffled: number;
  /** Attempts that the hub did not acknowledge and that were made again. */
  readonly retries: number;
}

export interface CrossReference {
  readonly entity: 'item' | 'location';
  readonly type: string;
  readonly externalId: string;
  readonly canonicalId: string;
}

/** Everything that an administrator enters to connect the system. */
export interface ConnectionSetup {
  readonly plugin: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly credentials: Readonly<Record<string, string>>;
  readonly matchItemsBy: 'reference' | 'sku';
}

export interface OutsideSystem {
  /** Short name, unique in the lab, for example `shop`. It is the channel's id too, where the system is one. */
  readonly name: string;
  /** Starts the system's own server, where it has one. */
  start(): Promise<void>;
  /** Known after `start`: addresses are in it. Undefined for a system that only uses the business API. */
  connection(): ConnectionSetup | undefined;
  crossReferences(): readonly CrossReference[];
  /** From here on the system talks to the hub: webhooks to /webhooks/{connectionId}, or the business API with `apiKey`. */
  connect(hub: { url: string; connectionId?: string; apiKey?: string }): void;
  readonly journal: readonly JournalFact[];
  readonly counts: DeliveryCounts;
  /** Messages that the hub has not acknowledged yet; the replay slows down when it grows. */
  readonly backlog: number;
  /** Resolves when everything in the journal was acknowledged by the hub, late posts included. Retries while the hub is away. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

export interface OrderLine {
  readonly line: string;
  readonly item: string;
  readonly quantity: number;
}

export interface CustomerOrder {
  readonly order: string;
  /** Where the goods come from. */
  readonly location: string;
  readonly lines: readonly OrderLine[];
}

/** What the customer got. A line that the system believed it could not fill is in `refused` and in no journal. */
export interface OrderAnswer {
  readonly accepted: readonly OrderLine[];
  readonly refused: readonly OrderLine[];
}

export interface GoodsReturn {
  /** Unique name of the return. */
  readonly id: string;
  /** Absent for a return whose sale nobody knows. */
  readonly order?: string;
  readonly location: string;
  readonly lines: readonly OrderLine[];
}

/** A place where customers buy. It sells what it believes to have; a till asks nobody and never refuses. */
export interface SellingSystem extends OutsideSystem {
  /** `published`: decides by the last figure; `reserves`: asks the hub first; `never-refuses`: a till. */
  readonly decides: 'published' | 'reserves' | 'never-refuses';
  order(order: CustomerOrder): Promise<OrderAnswer>;
  /** Cancels the whole order before dispatch: everything that was accepted goes back on the shelf. False when nothing was accepted. */
  cancel(order: string): Promise<boolean>;
  takeBack(goods: GoodsReturn): Promise<void>;
  /** What the system believes it may sell, by canonical item; empty for a till. */
  readonly beliefs: ReadonlyMap<string, number>;
  /** Every figure that arrived, oldest first. */
  readonly figures: readonly FigureReceived[];
}

/** Store and warehouse staff: the tills post these too. */
export interface StockKeeper extends OutsideSystem {
  receive(receipt: { id: string; location: string; lines: readonly OrderLine[] }): Promise<void>;
  /** Signed units. */
  adjust(adjustment: { id: string; location: string; item: string; quantity: number }): Promise<void>;
  /** The absolute figure that somebody counted on the shelf just now. */
  count(count: { id: string; location: string; item: string; counted: number }): Promise<void>;
}

/** What goes wrong on the way from a system to the hub: shares of all messages, from 0 to 1. */
export interface DeliveryFaults {
  readonly duplicateShare: number;
  readonly shuffleShare: number;
  readonly lateShare: number;
  /** How late a late message leaves. */
  readonly lateMs: number;
}
