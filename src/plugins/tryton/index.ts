import { defineConnector } from '@crossdock/connector-sdk';
import { checkHealth } from './client/check-health.js';
import { listItems, listLocations } from './client/lists.js';
import type { TrytonConfig } from './config.js';
import { pollFeed } from './feed/poll-feed.js';
import { parseDeliveries } from './mapping/parse-deliveries.js';
import { postMovements } from './posting/post-movements.js';

export default defineConnector<TrytonConfig>({
  checkHealth,
  parseDeliveries: (_ctx, deliveries) => parseDeliveries(deliveries),
  pollFeed,
  postMovements,
  listItems,
  listLocations,
});
