import type { CanonicalEvent, ExternalRef } from './events.js';

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

/** One verified delivery, as it came. */
export interface WebhookDelivery {
  readonly deliveryId: string;
  readonly topic: string;
  /** The raw body, decoded as UTF-8. */
  readonly body: string;
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

/** Exactly one answer an item, in the same order. */
export type PublishResult =
  | { readonly kind: 'applied' }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'rejected'; readonly code: string; readonly detail: string }
  | { readonly kind: 'retry'; readonly afterMs: number; readonly reason: string }
  /** Sent, but the outcome is unknown. The hub sends the then current figure again: absolute figures repeat harmlessly. */
  | { readonly kind: 'ambiguous'; readonly reason: string };

export interface Connector<Config = Readonly<Record<string, unknown>>> {
  /** Cheap call that proves credentials and reachability; throws a ConnectorError when it fails. */
  checkHealth?(ctx: CallContext<Config>): Promise<{ readonly detail: string }>;
  /** Pure: the same delivery always gives the same events. */
  parseWebhooks?(ctx: CallContext<Config>, deliveries: readonly WebhookDelivery[]): Promise<readonly ParseResult[]> | readonly ParseResult[];
  publishInventory?(ctx: CallContext<Config>, figures: readonly InventoryFigure[]): Promise<readonly PublishResult[]>;
}

/** Types a connector; it adds nothing at run time. A plugin's entry file has this as its default export. */
export function defineConnector<Config = Readonly<Record<string, unknown>>>(connector: Connector<Config>): Connector<Config> {
  return connector;
}
