import { defineConnector } from '@crossdock/connector-sdk';
import { checkHealth } from './client/check-health.js';
import { listItems, listLocations } from './client/list-catalog.js';
import { publishInventory } from './client/publish-inventory.js';
import { subscribeWebhooks } from './client/subscribe-webhooks.js';
import type { ShopifyConfig } from './config.js';
import { parseDeliveries } from './mapping/parse-deliveries.js';

export default defineConnector<ShopifyConfig>({
  checkHealth,
  parseDeliveries: (ctx, deliveries) => parseDeliveries(ctx.config, deliveries),
  publishInventory,
  listItems,
  listLocations,
  subscribeWebhooks,
});
