import { defineConnector } from '@crossdock/connector-sdk';
import { checkHealth } from './client/check-health.js';
import { listItems, listLocations } from './client/list-catalog.js';
import { pollOrders } from './orders/poll-orders.js';
import { publishInventory } from './client/publish-inventory.js';
import type { VendureConfig } from './config.js';
import { parseDeliveries } from './mapping/parse-deliveries.js';

export default defineConnector<VendureConfig>({
  checkHealth,
  pollFeed: pollOrders,
  parseDeliveries: (ctx, deliveries) => parseDeliveries(ctx.config, deliveries),
  publishInventory,
  listItems,
  listLocations,
});
