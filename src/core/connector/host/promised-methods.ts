import type { Capabilities } from '@crossdock/connector-sdk';
import type { PluginMethod } from '../wire/messages.js';

/** The methods that a plugin's code must have for its manifest to be true. */
export function promisedMethods({ webhooks, inventorySink, sources, movementSink, catalogSource, webhookSubscriptions }: Capabilities): PluginMethod[] {
  const promised: readonly (PluginMethod | false | undefined)[] = [
    (webhooks ?? sources) && 'parseDeliveries',
    inventorySink && 'publishInventory',
    sources && 'pollFeed',
    movementSink && 'postMovements',
    catalogSource?.items && 'listItems',
    catalogSource?.locations && 'listLocations',
    webhookSubscriptions && 'subscribeWebhooks',
  ];
  return promised.filter((method) => typeof method === 'string');
}
