import type { CallContext, InventoryFigure } from '@crossdock/connector-sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ShopifyConfig } from '../../src/plugins/shopify/config.js';
import shopify from '../../src/plugins/shopify/index.js';
import { callContext } from './shopify/call-context.js';
import { ABSENT, excerptSchema, officialSchema } from './shopify/real-data.js';
import { type Fault, ShopUnderTest } from './shopify/shop-under-test.js';

const schema = ABSENT === undefined ? officialSchema() : excerptSchema();
const gid = (id: number) => `gid://shopify/InventoryItem/${id}`;
const figure = (id: number, available: number, version = 1): InventoryFigure => ({ item: { type: 'inventory-item', id: String(id) }, available, version });

async function publish(ctx: CallContext<ShopifyConfig>, figures: readonly InventoryFigure[]) {
  const results = await shopify.publishInventory?.(ctx, figures, { feeds: {} });
  if (results === undefined) throw new Error('the connector does not publish');
  return results;
}

const answering = (status: number, body: string, headers: Record<string, string> = {}): Fault => ({
  executed: false,
  respond: (response) => void response.writeHead(status, headers).end(body),
});
const afterEffect = (respond: Fault['respond']): Fault => ({ executed: true, respond });
const throttled = JSON.stringify({
  errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED', documentation: 'https://shopify.dev/api/usage/rate-limits' } }],
  extensions: { cost: { requestedQueryCost: 60, actualQueryCost: null, throttleStatus: { maximumAvailable: 1000, currentlyAvailable: 10, restoreRate: 100 } } },
});

describe(`publishing to a shop that executes ${ABSENT === undefined ? 'Shopify’s own schema' : `an excerpt of Shopify’s schema, because ${ABSENT}`}`, () => {
  let shop: ShopUnderTest;
  let shopUrl: string;

  beforeEach(async () => {
    shop = new ShopUnderTest(schema);
    shopUrl = await shop.start();
  });
  afterEach(() => shop.stop());

  it('sets 250 items in one call, with the token in its header and the location of the configuration', async () => {
    const figures = Array.from({ length: 250 }, (_, index) => figure(index + 1, index));
    const results = await publish(callContext({ shopUrl }), figures);
    expect(new Set(results.map((result) => result.kind))).toEqual(new Set(['applied']));
    expect(results).toHaveLength(250);
    expect(shop.calls).toHaveLength(1);
    expect(shop.calls[0]?.variables.input).toMatchObject({ name: 'available', reason: 'correction' });
    expect(shop.calls[0]?.variables.input.quantities[249]).toEqual({ inventoryItemId: gid(250), locationId: 'gid://shopify/Location/111', quantity: 249, changeFromQuantity: null });
    expect(shop.quantities.get(gid(250))).toBe(249);
  });

  it('answers unchanged when every figure was what it is', async () => {
    const ctx = callContext({ shopUrl });
    await publish(ctx, [figure(1, 5)]);
    expect(await publish(ctx, [figure(1, 5, 2)])).toEqual([{ kind: 'unchanged' }]);
  });

  it('repeats a request under the same key, and a changed one under another', async () => {
    const ctx = callContext({ shopUrl });
    await publish(ctx, [figure(1, 5), figure(2, 6)]);
    await publish(ctx, [figure(1, 5), figure(2, 6)]);
    await publish(ctx, [figure(1, 5), figure(2, 7, 2)]);
    const keys = shop.calls.map((call) => call.variables.idempotencyKey);
    expect(keys[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it('rejects the items that Shopify complains of inside its 200, each with its code, and sets the others', async () => {
    shop.unstocked.add(gid(2));
    shop.unstocked.add(gid(4));
    const results = await publish(callContext({ shopUrl }), [1, 2, 3, 4, 5].map((id) => figure(id, id * 10)));
    expect(results.map((result) => (result.kind === 'rejected' ? result.code : result.kind))).toEqual([
      'applied', 'ITEM_NOT_STOCKED_AT_LOCATION', 'applied', 'ITEM_NOT_STOCKED_AT_LOCATION', 'applied',
    ]);
    expect([...shop.quantities]).toEqual([[gid(1), 10], [gid(3), 30], [gid(5), 50]]);
    expect(shop.calls).toHaveLength(2);
    expect(shop.calls[1]?.variables.idempotencyKey).not.toBe(shop.calls[0]?.variables.idempotencyKey);
  });

  it('reads the problems that Shopify finds with single variables by their place in the batch', async () => {
    const problem = { path: ['quantities', 1, 'inventoryItemId'], explanation: "Invalid global id 'x'" };
    shop.faults.push(answering(200, JSON.stringify({ errors: [{ message: 'Variable $input was provided invalid value', extensions: { code: 'INVALID_VARIABLE', problems: [problem] } }] })));
    const results = await publish(callContext({ shopUrl }), [figure(1, 1), figure(2, 2), figure(3, 3)]);
    expect(results).toEqual([{ kind: 'applied' }, { kind: 'rejected', code: 'INVALID_VARIABLE', detail: "Invalid global id 'x'" }, { kind: 'applied' }]);
  });

  it('settles by itself what need not be sent: wrong references, impossible figures, an item told twice', async () => {
    const results = await publish(callContext({ shopUrl }), [
      { item: { type: 'sku', id: 'A' }, available: 1, version: 1 },
      figure(7, 0.5),
      figure(7, 2_000_000_000),
      figure(8, 4, 1),
      figure(8, 3, 2),
      figure(8, 9, 1),
    ]);
    expect(results.map((result) => (result.kind === 'rejected' ? result.code : result.kind))).toEqual([
      'INVALID_INVENTORY_ITEM', 'INVALID_QUANTITY', 'INVALID_QUANTITY', 'stale', 'applied', 'stale',
    ]);
    expect(shop.quantities.get(gid(8))).toBe(3);
  });

  it('says when to come again when the query cost is used up', async () => {
    shop.faults.push(answering(200, throttled));
    expect(await publish(callContext({ shopUrl }), [figure(1, 1)])).toEqual([{ kind: 'retry', afterMs: 500, reason: 'the query cost bucket is empty' }]);
  });

  it('waits before it sends when the bucket is known to be short, and leaves a long wait to the hub', async () => {
    const ctx = callContext({ shopUrl });
    shop.throttle = { maximumAvailable: 1000, currentlyAvailable: 0, restoreRate: 100 };
    await publish(ctx, [figure(1, 1)]);
    const before = performance.now();
    expect(await publish(ctx, [figure(1, 2, 2)])).toEqual([{ kind: 'applied' }]);
    expect(performance.now() - before).toBeGreaterThan(60);
    shop.throttle = { maximumAvailable: 1000, currentlyAvailable: 0, restoreRate: 1 };
    await publish(ctx, [figure(1, 3, 3)]);
    const [result] = await publish(ctx, [figure(1, 4, 4)]);
    expect(result?.kind).toBe('retry');
    expect(shop.quantities.get(gid(1))).toBe(3);
  });

  it.each([
    ['seconds', '2.5', 2_500],
    ['nothing', undefined, 1_000],
  ])('obeys a 429 whose Retry-After holds %s', async (_name, header, afterMs) => {
    shop.faults.push(answering(429, '', header === undefined ? {} : { 'retry-after': header }));
    expect(await publish(callContext({ shopUrl }), [figure(1, 1)])).toEqual([{ kind: 'retry', afterMs, reason: 'Shopify answered 429' }]);
  });

  it('obeys a Retry-After that is a date', async () => {
    shop.faults.push(answering(429, '', { 'retry-after': new Date(Date.now() + 30_000).toUTCString() }));
    const [result] = await publish(callContext({ shopUrl }), [figure(1, 1)]);
    expect(result?.kind === 'retry' ? result.afterMs : 0).toBeGreaterThan(25_000);
  });

  it.each<[string, Fault]>([
    ['a 502 in HTML', answering(502, '<html>Bad gateway</html>', { 'content-type': 'text/html' })],
    ['a 200 in HTML', answering(200, '<!doctype html><title>Maintenance</title>')],
    ['truncated JSON', afterEffect((response, answer) => void response.writeHead(200).end(answer.slice(0, answer.length / 2)))],
    ['a connection cut after the effect', afterEffect((response) => void response.destroy())],
    ['an answer that never comes', afterEffect(() => undefined)],
    ['an internal error of Shopify', answering(200, '{"errors":[{"message":"Internal error","extensions":{"code":"INTERNAL_SERVER_ERROR","requestId":"x"}}]}')],
    ['data without the mutation', answering(200, '{"data":{"inventorySetQuantities":null}}')],
  ])('answers ambiguous after %s, and the repeat has one effect', async (_name, fault) => {
    const ctx = callContext({ shopUrl }, { timeoutsMs: [1_000] });
    shop.faults.push(fault);
    expect(await publish(ctx, [figure(1, 5), figure(2, 6)])).toEqual([{ kind: 'ambiguous', reason: expect.any(String) }, { kind: 'ambiguous', reason: expect.any(String) }]);
    expect((await publish(ctx, [figure(1, 5), figure(2, 6)])).map((result) => result.kind)).toEqual(['applied', 'applied']);
    expect(shop.calls[1]?.variables.idempotencyKey).toBe(shop.calls[0]?.variables.idempotencyKey);
    expect(shop.quantities.get(gid(2))).toBe(6);
  });

  it.each<[number, string]>([[401, 'auth_revoked'], [402, 'permission'], [403, 'permission'], [404, 'config'], [301, 'config'], [423, 'permission'], [400, 'plugin_bug']])(
    'throws at %i, because only a person can help: %s',
    async (status, kind) => {
      shop.faults.push(answering(status, '{"errors":"no"}', status === 301 ? { location: 'https://elsewhere.example' } : {}));
      await expect(publish(callContext({ shopUrl }), [figure(1, 1)])).rejects.toMatchObject({ name: 'ConnectorError', kind });
    },
  );

  it('throws for a wrong token, a missing scope and an unknown location', async () => {
    await expect(publish(callContext({ shopUrl }, { token: 'shpat_other' }), [figure(1, 1)])).rejects.toMatchObject({ kind: 'auth_revoked' });
    shop.faults.push(answering(200, '{"errors":[{"message":"Access denied for inventorySetQuantities field. Required access: `write_inventory` access scope.","extensions":{"code":"ACCESS_DENIED"}}]}'));
    await expect(publish(callContext({ shopUrl }), [figure(1, 1)])).rejects.toMatchObject({ kind: 'permission' });
    await expect(publish(callContext({ shopUrl, locationId: '999' }), [figure(1, 1)])).rejects.toMatchObject({ kind: 'config' });
  });

  it('takes another key where Shopify will not execute the first any more', async () => {
    const refused = { inventoryAdjustmentGroup: null, userErrors: [{ code: 'IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED', field: null, message: 'The previous attempt failed.' }] };
    shop.faults.push(answering(200, JSON.stringify({ data: { inventorySetQuantities: refused } })));
    expect(await publish(callContext({ shopUrl }), [figure(1, 1)])).toEqual([{ kind: 'applied' }]);
    expect(shop.calls[1]?.variables.idempotencyKey).not.toBe(shop.calls[0]?.variables.idempotencyKey);
  });

  it('comes again a little later while the same request is under way', async () => {
    const refused = { inventoryAdjustmentGroup: null, userErrors: [{ code: 'IDEMPOTENCY_CONCURRENT_REQUEST', field: null, message: 'Concurrent.' }] };
    shop.faults.push(answering(200, JSON.stringify({ data: { inventorySetQuantities: refused } })));
    expect(await publish(callContext({ shopUrl }), [figure(1, 1)])).toEqual([{ kind: 'retry', afterMs: 1_000, reason: 'the same request is being executed' }]);
  });

  it('gives up after a few rounds of ever new complaints, and leaves the rest for the next call', async () => {
    const complaint = (index: number) => ({ code: 'NON_MUTABLE_INVENTORY_ITEM', field: ['input', 'quantities', String(index), 'inventoryItemId'], message: 'A bundle.' });
    for (let round = 0; round < 6; round += 1) {
      shop.faults.push(answering(200, JSON.stringify({ data: { inventorySetQuantities: { inventoryAdjustmentGroup: null, userErrors: [complaint(0)] } } })));
    }
    const results = await publish(callContext({ shopUrl }), Array.from({ length: 8 }, (_, index) => figure(index + 1, 1)));
    expect(results.map((result) => result.kind)).toEqual([...Array<string>(6).fill('rejected'), 'retry', 'retry']);
  });

  it('retries what never left, because nobody listened', async () => {
    await shop.stop();
    expect(await publish(callContext({ shopUrl }), [figure(1, 1)])).toEqual([{ kind: 'retry', afterMs: 1_000, reason: expect.stringContaining('ECONNREFUSED') }]);
    await shop.start();
  });

  it('stops waiting when the hub stops it', async () => {
    const abort = new AbortController();
    const ctx = callContext({ shopUrl }, { signal: abort.signal });
    shop.throttle = { maximumAvailable: 1000, currentlyAvailable: 0, restoreRate: 8 };
    await publish(ctx, [figure(1, 1)]);
    const waiting = publish(ctx, [figure(1, 2, 2)]);
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ kind: 'cancelled' });
  });

  it('reports health, and what is wrong with it', async () => {
    const health = (config: Partial<ShopifyConfig> = {}) => shopify.checkHealth?.(callContext({ shopUrl, ...config }));
    expect(await health()).toEqual({ detail: 'Mugs & More (Basic), publishing to Warehouse, Admin API 2026-07' });
    await expect(health({ locationId: '999' })).rejects.toMatchObject({ kind: 'config' });
    shop.locations.set('gid://shopify/Location/111', { name: 'Warehouse', isActive: false });
    await expect(health()).rejects.toMatchObject({ kind: 'config' });
    shop.scopes = ['read_orders'];
    await expect(health()).rejects.toMatchObject({ kind: 'permission', message: 'the access token lacks write_inventory, read_locations' });
    shop.faults.push(answering(200, throttled));
    await expect(health()).rejects.toMatchObject({ kind: 'rate_limited', retryAfterMs: 500 });
    shop.faults.push(answering(503, ''));
    await expect(health()).rejects.toMatchObject({ kind: 'transient' });
  });
});
