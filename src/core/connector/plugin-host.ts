import type { InventoryFigure, ParseResult, PublishResult, WebhookDelivery } from '@crossdock/connector-sdk';
import type { Connection } from './connection.js';

/**
 * Calls plugins behind the wall. Each method answers exactly one well-formed result an entry, in order, or throws:
 * HubError PLUGIN_TIMEOUT (deadline), PLUGIN_UNAVAILABLE (cannot be started, or is backing off; `retryAfterSeconds`),
 * PLUGIN_FAILED (crashed, answered nonsense, or threw; `facts.kind` has the ConnectorErrorKind where it threw one),
 * CONNECTION_DISABLED.
 */
export abstract class PluginHost {
  /** Pure: calling it again with the same deliveries is harmless. Splits to the manifest's `batchMax` by itself. */
  abstract parseWebhooks(connection: Connection, deliveries: readonly WebhookDelivery[]): Promise<readonly ParseResult[]>;

  /** One call, at most the manifest's `batchMax` figures: Publisher splits. */
  abstract publishInventory(connection: Connection, figures: readonly InventoryFigure[]): Promise<readonly PublishResult[]>;

  /** Works on a disabled connection too: one is tested before it is switched on. */
  abstract checkHealth(connection: Connection): Promise<{ readonly detail: string }>;
}
