import { FEED_NAME } from './manifest-patterns.js';
import { strict, text } from './schema-parts.js';

const version = { const: 1 };
const batchMax = { type: 'integer', minimum: 1, maximum: 10_000 };
const flag = { type: 'boolean' };

const FEED = strict({
  name: { type: 'string', pattern: FEED_NAME },
  title: text(100),
  topics: { type: 'array', items: text(128), minItems: 1, maxItems: 50, uniqueItems: true },
  everySeconds: { type: 'integer', minimum: 1, maximum: 86_400 },
  limit: { type: 'integer', minimum: 1, maximum: 5_000 },
}, ['name', 'title', 'topics', 'everySeconds', 'limit']);

/** What a manifest may promise. */
export const CAPABILITIES = strict({
  webhooks: strict({ version, batchMax }, ['version', 'batchMax']),
  inventorySink: strict({ version, batchMax, itemReference: text(64), idempotency: { enum: ['native', 'emulated'] } }, ['version', 'batchMax', 'itemReference', 'idempotency']),
  sources: strict({ version, batchMax, feeds: { type: 'array', items: FEED, minItems: 1, maxItems: 20 } }, ['version', 'batchMax', 'feeds']),
  movementSink: strict({ version, batchMax, itemReference: text(64), locationReference: text(64) }, ['version', 'batchMax', 'itemReference', 'locationReference']),
  catalogSource: strict({ version, items: flag, locations: flag, limit: { type: 'integer', minimum: 1, maximum: 5_000 } }, ['version', 'items', 'locations', 'limit']),
  webhookSubscriptions: strict({ version }, ['version']),
}, []);
