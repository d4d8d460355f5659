import type { FigureReceived, JournalFact } from '../outside-system.js';

/** One side of a movement as the hub tells it: a real place and condition, or a virtual account by name. */
export type Account = { readonly location: string; readonly condition: string } | { readonly virtual: string };

/** One line of GET /ledger. Times are milliseconds since the epoch. */
export interface LedgerMovement {
  /** Place in the ledger: grows along the pages. */
  readonly position: number;
  /** The number of the connection or API client that brought the fact. */
  readonly source: number;
  readonly eventId: string;
  readonly line: string;
  readonly kind: string;
  readonly item: string;
  readonly quantity: number;
  readonly from: Account;
  readonly to: Account;
  readonly occurredAt: number;
  readonly recordedAt: number;
}

/** One line of GET /stock-levels. */
export interface StockLevel {
  readonly item: string;
  readonly location: string;
  readonly condition: string;
  readonly onHand: number;
  readonly reserved: number;
}

/** GET /availability: the terms are signed steps that must sum to `now`. */
export interface AvailabilityAnswer {
  readonly channel: string;
  readonly item: string;
  readonly now: number;
  readonly steps: readonly { readonly term: string; readonly difference: number }[];
}

export interface SellingRules {
  readonly safetyStock: number;
  readonly threshold: number;
  readonly sharePercent: number;
  readonly cap: number | undefined;
  readonly buffer: number;
}

export const PLAIN_RULES: SellingRules = { safetyStock: 0, threshold: 0, sharePercent: 100, cap: undefined, buffer: 0 };

/** A channel as the lab set it up, and what it says of itself afterwards. */
export interface ChannelEvidence {
  readonly channel: string;
  readonly locations: readonly string[];
  readonly rules: SellingRules;
  readonly decides: 'published' | 'reserves' | 'never-refuses';
  readonly beliefs: ReadonlyMap<string, number>;
  readonly figures: readonly FigureReceived[];
}

/** A fact and the system in whose journal it stands. */
export interface SystemFact extends JournalFact {
  readonly system: string;
}

/** Units that the hub granted to a system before it sold them. The grant happened between request and answer. */
export interface Hold {
  readonly system: string;
  readonly order: string;
  readonly item: string;
  readonly location: string;
  readonly quantity: number;
  readonly requestedAt: number;
  readonly answeredAt: number;
  /** When the hub was asked to give it back; undefined when it became a sale. */
  readonly releasedAt?: number;
}

/** Everything that the checker looks at: told by the hub over its public API, and by the outside systems' own books. */
export interface Evidence {
  readonly items: readonly string[];
  readonly ledger: readonly LedgerMovement[];
  readonly levels: readonly StockLevel[];
  readonly availability: readonly AvailabilityAnswer[];
  readonly channels: readonly ChannelEvidence[];
  readonly facts: readonly SystemFact[];
  /** Which system stands behind each source number of the ledger. */
  readonly sources: ReadonlyMap<number, string>;
  readonly holds: readonly Hold[];
  /** When each order was placed by the clock of the trading day; what was played faster than life is judged by it too. */
  readonly placedAt: ReadonlyMap<string, number>;
  /** By system: messages that the hub has not accepted. */
  readonly undelivered: ReadonlyMap<string, number>;
  /** Deliveries and facts that the hub could not work off: parked, failed, rejected. */
  readonly exceptions: readonly string[];
}
