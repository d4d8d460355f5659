import type { ListPage, ListRequest, OutsideItem, OutsideLocation } from './catalog.js';
import type { CanonicalEvent, ExternalRef } from './events.js';
import type { FeedPage, FeedRequest } from './feeds.js';
import type { MovementPosting, PostResult } from './postings.js';
import type { SubscriptionRequest, SubscriptionResult } from './subscriptions.js';

/** What every call is given. `config` is the connection's, validated; there is no secret in it. */
export interface CallContext<Config = Readonly<Record<string, unknown>>> {
  readonly connectionId: string;
  readonly config: Config;
  /** Aborted at the deadline and when the hub drains; work that goes on after it is cut off. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch, by the hub's clock. */
  readonly deadlineAt: number;
  readonly traceId: string;
  /** The only way out. Hosts beyond the manifest's `egress` are refused; credentials are attached by the hub. */
  readonly http: (request: HttpRequest) => Promise<HttpResponse>;
  readonly log: (level: 'debug' | 'info' | 'warn' | 'error', message: string, facts?: Record<string, unknown>) => void;
  /** Milliseconds since the epoch; use it and not the wall clock, so that tests can move time. */
  readonly now: () => number;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Default and ceiling: what is left until shortly before the call's deadline, so that the call can still answer. */
  readonly timeoutMs?: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One verified webhook as it came, or one record of a feed as the connector's own `pollFeed` gave it. */
export interface Delivery {
  /** The sender's id of the webhook, or the record's `id`. */
  readonly deliveryId: string;
  readonly topic: string;
  /** The raw body, decoded as UTF-8. */
  readonly body: string;
  /** Those of the webhook that the hub keeps; none for a record of a feed. */
  readonly headers: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly receivedAt: string;
}

/** Exactly one answer a delivery, in the same order. A delivery that cannot be read fails alone. */
export type ParseResult =
  | { readonly kind: 'events'; readonly events: readonly CanonicalEvent[] }
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** The figure that a channel may sell, absolute. Latest wins: an older `version` never follows a newer one for the same item. */
export interface InventoryFigure {
  readonly item: ExternalRef;
  readonly available: number;
  /** Grows with each change of this figure: usable as an idempotency key together with the item. */
  readonly version: number;
}

/** What figures were reckoned from, as far as it came from the same outside system. */
export interface FiguresBasis {
  /**
   * By feed of this connection: a cursor that `pollFeed` gave. Whatever its page and those before brought stood in the ledger
   * when the figures were reckoned; what the outside system did since need not be in them. Null while the hub cannot
   * tell; a feed that was not polled yet is missing.
   */
  readonly feeds: Readonly<Record<string, string | null>>;
}

/** Exactly one answer an item, in the same order. */
export type PublishResult =
  | { readonly kind: 'applied' }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'rejected'; readonly code: string; readonly detail: string }
  | { readonly kind: 'retry'; readonly afterMs: number; readonly reason: string }
  /** Sent, but the outcome is unknown. The hub sends the then current figure again: absolute figures repeat harmlessly. */
  | { readonly kind: 'ambiguous'; readonly reason: string };

/**
 * Each method is optional; what the manifest's `capabilities` promise must be there. A method that throws says so with a
 * ConnectorError; `auth_expired` makes the hub sign in anew (where the manifest declares a session) and call once more.
 */
export interface Connector<Config = Readonly<Record<string, unknown>>> {
  /** Cheap call that proves credentials and reachability; throws a ConnectorError when it fails. */
  checkHealth?(ctx: CallContext<Config>): Promise<{ readonly detail: string }>;
  /** Pure: the same delivery always gives the same events. */
  parseDeliveries?(ctx: CallContext<Config>, deliveries: readonly Delivery[]): Promise<readonly ParseResult[]> | readonly ParseResult[];
  publishInventory?(ctx: CallContext<Config>, figures: readonly InventoryFigure[], basis: FiguresBasis): Promise<readonly PublishResult[]>;
  /** The next page of one feed. Reads only; the same cursor may be asked again after a crash. */
  pollFeed?(ctx: CallContext<Config>, request: FeedRequest): Promise<FeedPage>;
  /** Writes movements into the outside system's books, in the order given, each key once whatever happens. */
  postMovements?(ctx: CallContext<Config>, postings: readonly MovementPosting[]): Promise<readonly PostResult[]>;
  listItems?(ctx: CallContext<Config>, request: ListRequest): Promise<ListPage<OutsideItem>>;
  listLocations?(ctx: CallContext<Config>, request: ListRequest): Promise<ListPage<OutsideLocation>>;
  /** Makes the outside system's webhook subscriptions right, and removes none that is not this hub's. */
  subscribeWebhooks?(ctx: CallContext<Config>, request: SubscriptionRequest): Promise<readonly SubscriptionResult[]>;
}

/** Types a connector; it adds nothing at run time. A plugin's entry file has this as its default export. */
export function defineConnector<Config = Readonly<Record<string, unknown>>>(connector: Connector<Config>): Connector<Config> {
  return connector;
}
