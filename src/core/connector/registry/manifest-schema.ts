import { CREDENTIAL_NAME, HEADER_NAME, PLUGIN_ID } from './manifest-patterns.js';

const text = (maxLength: number): object => ({ type: 'string', minLength: 1, maxLength });
const batchMax = { type: 'integer', minimum: 1, maximum: 10_000 };

const strict = (properties: Record<string, object>, required: string[]): object => ({ type: 'object', additionalProperties: false, required, properties });

const CAPABILITIES = strict({
  webhooks: strict({ version: { const: 1 }, batchMax }, ['version', 'batchMax']),
  inventorySink: strict({
    version: { const: 1 }, batchMax, itemReference: text(64), idempotency: { enum: ['native', 'emulated'] },
  }, ['version', 'batchMax', 'itemReference', 'idempotency']),
}, []);

const VERIFICATION = strict({
  scheme: { const: 'hmac' },
  algorithm: { enum: ['sha256', 'sha512', 'sha1'] },
  encoding: { enum: ['base64', 'hex'] },
  header: { type: 'string', pattern: HEADER_NAME },
  prefix: { type: 'string', maxLength: 64 },
  signedContent: text(256),
  secret: { type: 'string', pattern: CREDENTIAL_NAME },
  timestamp: strict({
    header: { type: 'string', pattern: HEADER_NAME }, toleranceSeconds: { type: 'integer', minimum: 1, maximum: 86_400 },
  }, ['header', 'toleranceSeconds']),
}, ['scheme', 'algorithm', 'encoding', 'header', 'secret']);

const WEBHOOKS = strict({
  verification: VERIFICATION,
  deliveryIdHeader: { type: 'string', pattern: HEADER_NAME },
  topicHeader: { type: 'string', pattern: HEADER_NAME },
  topics: { type: 'array', items: text(128), minItems: 1, maxItems: 200, uniqueItems: true },
}, ['verification', 'deliveryIdHeader', 'topics']);

/** JSON Schema 2020-12 of a manifest, strict: a word that the hub does not know is refused, so a typo never passes as a wish granted. */
export const MANIFEST_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  ...strict({
    id: { type: 'string', pattern: PLUGIN_ID },
    publisher: text(100),
    name: text(100),
    version: { type: 'string', pattern: '^\\d{1,6}\\.\\d{1,6}\\.\\d{1,6}(-[0-9A-Za-z.-]{1,40})?$' },
    contract: { const: 1 },
    capabilities: CAPABILITIES,
    configSchema: { type: 'object', required: ['type', 'properties'], properties: { type: { const: 'object' }, properties: { type: 'object' } } },
    credentials: {
      type: 'array',
      maxItems: 20,
      items: strict({ name: { type: 'string', pattern: CREDENTIAL_NAME }, title: text(200), required: { type: 'boolean' } }, ['name', 'title', 'required']),
    },
    auth: {
      type: 'array',
      maxItems: 10,
      items: strict({ type: { const: 'header' }, header: { type: 'string', pattern: HEADER_NAME }, value: text(500) }, ['type', 'header', 'value']),
    },
    egress: { type: 'array', maxItems: 50, items: text(300) },
    webhooks: WEBHOOKS,
  }, ['id', 'publisher', 'name', 'version', 'contract', 'capabilities', 'configSchema', 'credentials', 'auth', 'egress']),
};
