import type {
  Delivery, FeedPage, FeedRequest, FiguresBasis, InventoryFigure, ListPage, ListRequest, MovementPosting, OutsideItem, OutsideLocation, ParseResult, PostResult, PublishResult,
  SubscriptionRequest, SubscriptionResult,
} from '@crossdock/connector-sdk';
import type { Connection } from './connection.js';

/**
 * Calls plugins behind the wall. Each method answers exactly one well-formed result an entry, in order, or throws:
 * HubError PLUGIN_TIMEOUT (deadline), PLUGIN_UNAVAILABLE (cannot be started, or is backing off; `retryAfterSeconds`),
 * PLUGIN_FAILED (crashed, answered nonsense, or threw; `facts.kind` has the ConnectorErrorKind where it threw one),
 * CONNECTION_REFUSED (a person must see to it), CONNECTION_DISABLED.
 */
export abstract class PluginHost {
  /** Pure: calling it again with the same deliveries is harmless. Splits to the manifest's `batchMax` by itself. */
  abstract parseDeliveries(connection: Connection, deliveries: readonly Delivery[]): Promise<readonly ParseResult[]>;

  /**
   * One call, at most the manifest's `batchMax` figures: Publisher splits. Without a basis the figures are taken to hold whatever the outside system did.
   * @param mayGo whether the lease of this work still runs: asked before each request that the connector makes.
   */
  abstract publishInventory(connection: Connection, figures: readonly InventoryFigure[], basis?: FiguresBasis, mayGo?: () => boolean): Promise<readonly PublishResult[]>;

  /** One page; of `limit` and what the manifest's feed allows the smaller counts. */
  abstract pollFeed(connection: Connection, request: FeedRequest): Promise<FeedPage>;

  /** One call, at most the manifest's `batchMax` postings. Repeating a posting is harmless: the connector looks its key up first. `mayGo` as above. */
  abstract postMovements(connection: Connection, postings: readonly MovementPosting[], mayGo?: () => boolean): Promise<readonly PostResult[]>;

  /** These three work on a disabled connection too: a connection is matched and set up before it is switched on. */
  abstract listItems(connection: Connection, request: ListRequest): Promise<ListPage<OutsideItem>>;
  abstract listLocations(connection: Connection, request: ListRequest): Promise<ListPage<OutsideLocation>>;
  abstract subscribeWebhooks(connection: Connection, request: SubscriptionRequest): Promise<readonly SubscriptionResult[]>;

  /** Works on a disabled connection too: one is tested before it is switched on. */
  abstract checkHealth(connection: Connection): Promise<{ readonly detail: string }>;
}
