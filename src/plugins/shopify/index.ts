import { defineConnector } from '@crossdock/connector-sdk';
import { checkHealth } from './client/check-health.js';
import { publishInventory } from './client/publish-inventory.js';
import type { ShopifyConfig } from './config.js';
import { parseWebhooks } from './mapping/parse-webhooks.js';

export default defineConnector<ShopifyConfig>({
  checkHealth,
  parseWebhooks: (ctx, deliveries) => parseWebhooks(ctx.config, deliveries),
  publishInventory,
});
