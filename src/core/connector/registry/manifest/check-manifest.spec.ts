import { describe, expect, it } from 'vitest';
import { checkManifest } from './check-manifest.js';

const GOOD = {
  id: 'shop',
  publisher: 'Somebody',
  name: 'A shop',
  version: '1.2.3',
  contract: 1,
  capabilities: { webhooks: { version: 1, batchMax: 500 }, inventorySink: { version: 1, batchMax: 100, itemReference: 'sku', idempotency: 'native' } },
  configSchema: { type: 'object', additionalProperties: false, required: ['host'], properties: { host: { type: 'string' }, pageSize: { type: 'integer', default: 50 } } },
  credentials: [{ name: 'token', title: 'Token', required: true }, { name: 'hook', title: 'Secret', required: false }],
  auth: [{ type: 'header', header: 'Authorization', value: 'Bearer {{credentials.token}}' }],
  egress: ['{{config.host}}', 'https://files.example'],
  webhooks: {
    verification: { scheme: 'hmac', algorithm: 'sha256', encoding: 'hex', header: 'X-Sig', prefix: 'sha256=', secret: 'hook', signedContent: '{{timestamp}}.{{body}}', timestamp: { header: 'X-Time', toleranceSeconds: 300 } },
    deliveryIdHeader: 'X-Id',
    topicHeader: 'X-Topic',
    topics: ['sale'],
  },
};

/** GOOD with the value at a JSON Pointer replaced; undefined takes it away. */
function altered(pointer: string, value: unknown): unknown {
  const copy = structuredClone(GOOD) as Record<string, unknown>;
  const names = pointer.split('/').slice(1);
  const last = names.pop() as string;
  const parent = names.reduce((at, name) => at[name] as Record<string, unknown>, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

const verification = GOOD.webhooks.verification;
const SESSION = {
  type: 'session', login: { method: 'POST', url: 'https://{{config.host}}/login', body: { params: ['{{credentials.token}}', { size: 1 }] } },
  session: { id: { pointer: '/result/0' }, key: { header: 'x-key' } }, header: 'X-Session', value: '{{session.id}}:{{session.key}}', encoding: 'base64', prefix: 'Session ',
};
const FEED = { name: 'moves', title: 'Moves', topics: ['move'], everySeconds: 60, limit: 500 };

const BAD: readonly [pointer: string, value: unknown, reason: RegExp][] = [
  ['/id', 'Shop', /\/id/], ['/id', '../x', /\/id/], ['/id', 'a'.repeat(41), /\/id/], ['/id', undefined, /'id'/], ['/name', '', /\/name/], ['/version', '1.2', /\/version/], ['/version', 'v1.2.3', /\/version/], ['/contract', 2, /\/contract/],
  ['/surprise', true, /additional/], ['/capabilities/orders', {}, /additional/], ['/capabilities/webhooks/batchMax', 0, /batchMax/], ['/capabilities/webhooks/batchMax', 1.5, /batchMax/], ['/capabilities/inventorySink/batchMax', 10_001, /batchMax/],
  ['/capabilities/inventorySink/idempotency', 'maybe', /idempotency/], ['/capabilities/webhooks/version', 2, /version/],
  ['/configSchema', { type: 'array' }, /configSchema/], ['/configSchema', { type: 'object', properties: { host: { type: 'strin' } } }, /configSchema/], ['/configSchema', { type: 'object', properties: { host: { type: 'string', minLenght: 3 } } }, /configSchema.*minLenght/],
  ['/configSchema', { type: 'object', properties: { host: { type: 'string', pattern: '(' } } }, /configSchema/], ['/configSchema', { type: 'object', properties: { host: { $ref: 'https://elsewhere.example/schema' } } }, /configSchema/],
  ['/configSchema', { type: 'object', properties: { host: { type: 'string', 'x-secret': true } } }, /configSchema.*x-secret/],
  ['/credentials/0/name', 'a-b', /\/credentials\/0\/name/], ['/credentials/0/default', 'x', /additional/], ['/credentials/1/name', 'token', /declared twice/],
  ['/auth/0/header', 'Bad Header', /\/auth\/0\/header/], ['/auth/0/header', 'Host', /transport/], ['/auth/0/header', 'content-LENGTH', /transport/], ['/auth/0/value', 'Bearer {{credentials.tokn}}', /not a declared credential/], ['/auth/0/value', 'Bearer {{config.host}}', /not a declared credential/],
  ['/auth/0/value', 'Bearer {credentials.token}', /well-formed/], ['/auth/0/value', 'Bearer {{credentials.token', /well-formed/], ['/auth/0/type', 'query', /\/auth\/0\/type/],
  ['/auth/1', { type: 'header', header: 'AUTHORIZATION', value: 'x' }, /set twice/],
  ['/auth/1', { ...SESSION, value: '{{session.idd}}' }, /not a declared credential or a value of the session/], ['/auth/1', { ...SESSION, value: '{{credentials.token}}' }, /nothing of the session/], ['/auth/1', { ...SESSION, session: {} }, /\/auth\/1\/session/],
  ['/auth/1', { ...SESSION, session: { id: { pointer: 'result' } } }, /pointer/], ['/auth/1', { ...SESSION, login: { ...SESSION.login, url: 'https://{{credentials.token}}/' } }, /login\/url: .* not a property/], ['/auth/1', { ...SESSION, login: { ...SESSION.login, method: 'GET' } }, /method/],
  ['/auth/1', { ...SESSION, login: { ...SESSION.login, body: { a: ['{{credentials.nobody}}'] } } }, /login\/body\/a\/0/], ['/auth', [SESSION, { ...SESSION, header: 'X-Other' }], /one session at most/], ['/auth/1', { ...SESSION, header: 'authorization' }, /set twice/], ['/auth/1', { ...SESSION, surprise: 1 }, /additional/],
  ['/capabilities/sources', { version: 1, batchMax: 10, feeds: [FEED, FEED] }, /declared twice/], ['/capabilities/sources', { version: 1, batchMax: 10, feeds: [] }, /feeds/], ['/capabilities/sources', { version: 1, batchMax: 10, feeds: [{ ...FEED, everySeconds: 0 }] }, /everySeconds/],
  ['/capabilities/movementSink', { version: 1, batchMax: 10, itemReference: 'sku' }, /locationReference/], ['/capabilities/catalogSource', { version: 1, items: true, locations: 'yes', limit: 10 }, /locations/],
  ['/egress/0', '{{config.hots}}', /not a property/], ['/egress/0', '{{credentials.token}}', /not a property/], ['/egress/0', '{{config.host', /well-formed/],
  ['/webhooks', undefined, /exactly when/], ['/capabilities/webhooks', undefined, /exactly when/],
  ['/webhooks/verification', undefined, /verification/], ['/webhooks/verification/secret', 'nothing', /not a declared credential/], ['/webhooks/verification/algorithm', 'md5', /algorithm/], ['/webhooks/verification/scheme', 'none', /scheme/],
  ['/webhooks/verification/signedContent', '{{timestamp}}', /body must be signed/], ['/webhooks/verification/signedContent', '{{body}}{{url}}', /only \{\{body\}\}/], ['/webhooks/verification', { ...verification, signedContent: '{{body}}' }, /timestamp/],
  ['/webhooks/verification', { ...verification, timestamp: undefined }, /timestamp/], ['/webhooks/topics', [], /topics/], ['/webhooks/topics', ['a', 'a'], /topics/], ['/webhooks/deliveryIdHeader', undefined, /deliveryIdHeader/],
];

describe('a manifest', () => {
  it('that says everything once is accepted, and its configuration is checked with defaults filled in', () => {
    const check = checkManifest(structuredClone(GOOD));
    if (check.kind === 'refused') throw new Error(check.reasons.join('; '));
    const config: Record<string, unknown> = { host: 'a.example' };
    expect(check.configSchema.faultsOf(config)).toEqual([]);
    expect(config).toEqual({ host: 'a.example', pageSize: 50 });
    expect(check.configSchema.faultsOf({ pageSize: 'x', more: 1 })).toEqual(expect.arrayContaining([{ pointer: '/host', detail: 'is required' }, { pointer: '/more', detail: 'is not known here' }]));
  });

  it('may sign in, poll, post, list and subscribe', () => {
    const candidate = { ...structuredClone(GOOD), auth: [GOOD.auth[0], SESSION], capabilities: {
      ...GOOD.capabilities, sources: { version: 1, batchMax: 10, feeds: [FEED] }, movementSink: { version: 1, batchMax: 10, itemReference: 'product', locationReference: 'location' },
      catalogSource: { version: 1, items: true, locations: false, limit: 100 }, webhookSubscriptions: { version: 1 },
    } };
    expect(checkManifest(candidate)).toMatchObject({ kind: 'valid' });
    const { webhooks: _webhooks, ...silent } = candidate.capabilities;
    expect(checkManifest({ ...candidate, webhooks: undefined, capabilities: silent })).toMatchObject({ kind: 'refused', reasons: [expect.stringMatching(/only a connector that takes webhooks/)] });
  });

  it.each(BAD)('is refused when %s is %j', (pointer, value, reason) => {
    const candidate = altered(pointer, value);
    const check = checkManifest(JSON.parse(JSON.stringify(candidate)));
    expect(check.kind).toBe('refused');
    expect(check.kind === 'refused' ? check.reasons.join('; ') : '').toMatch(reason);
  });

  it.each([null, undefined, 1, 'x', [], {}])('is refused when it is %j', (candidate) => {
    expect(checkManifest(candidate).kind).toBe('refused');
  });
});
