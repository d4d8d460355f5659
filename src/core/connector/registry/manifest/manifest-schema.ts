import { CAPABILITIES } from './capabilities-schema.js';
import { CREDENTIAL_NAME, HEADER_NAME, PLUGIN_ID } from './manifest-patterns.js';
import { strict, text } from './schema-parts.js';

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

const HEADER_AUTH = strict({ type: { const: 'header' }, header: { type: 'string', pattern: HEADER_NAME }, value: text(500) }, ['type', 'header', 'value']);

const TAKEN = {
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
  properties: { header: { type: 'string', pattern: HEADER_NAME }, pointer: { type: 'string', pattern: '^(/[^/]*)+$', maxLength: 200 } },
};

const SESSION_AUTH = strict({
  type: { const: 'session' },
  login: strict({ method: { const: 'POST' }, url: text(500), body: {} }, ['method', 'url', 'body']),
  session: { type: 'object', minProperties: 1, maxProperties: 10, propertyNames: { pattern: CREDENTIAL_NAME }, additionalProperties: TAKEN },
  header: { type: 'string', pattern: HEADER_NAME },
  value: text(500),
  encoding: { const: 'base64' },
  prefix: { type: 'string', maxLength: 64 },
  lifetimeSeconds: { type: 'integer', minimum: 60, maximum: 31_536_000 },
}, ['type', 'login', 'session', 'header', 'value']);

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
      items: { type: 'object', required: ['type'], properties: { type: { enum: ['header', 'session'] } }, if: { properties: { type: { const: 'session' } } }, then: SESSION_AUTH, else: HEADER_AUTH },
    },
    egress: { type: 'array', maxItems: 50, items: text(300) },
    webhooks: WEBHOOKS,
  }, ['id', 'publisher', 'name', 'version', 'contract', 'capabilities', 'configSchema', 'credentials', 'auth', 'egress']),
};
