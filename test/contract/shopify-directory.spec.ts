import type { CallContext, ListPage, ListRequest, SubscriptionResult } from '@crossdock/connector-sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ShopifyConfig } from '../../src/plugins/shopify/config.js';
import shopify from '../../src/plugins/shopify/index.js';
import { callContext } from './shopify/call-context.js';
import { ABSENT, excerptSchema, officialSchema } from './shopify/real-data.js';
import type { Subscription, Variant } from './shopify/shop-directory.js';
import { ShopUnderTest } from './shopify/shop-under-test.js';

const ADDRESS = 'https://hub.example.com/webhooks/example-shop';
const variant = (id: number, given: Partial<Variant> = {}): Variant => ({ id, name: `Variant ${id}`, sku: `SKU-${id}`, barcode: null, tracked: true, status: 'ACTIVE', ...given });
const subscription = (topic: string, given: Partial<Subscription> = {}): Subscription => ({ id: `gid://shopify/WebhookSubscription/9${topic.length}`, topic, uri: ADDRESS, format: 'JSON', filter: null, includeFields: [], ...given });

let shop: ShopUnderTest;
let ctx: CallContext<ShopifyConfig>;

beforeEach(async () => {
  shop = new ShopUnderTest(ABSENT === undefined ? officialSchema() : excerptSchema());
  ctx = callContext({ shopUrl: await shop.start() });
});
afterEach(() => shop.stop());

async function all<Entry>(list: (ctx: CallContext<ShopifyConfig>, request: ListRequest) => Promise<ListPage<Entry>>, limit: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  let cursor: string | null = null;
  do {
    const page: ListPage<Entry> = await list(ctx, { cursor, limit });
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    entries.push(...page.entries);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return entries;
}

const subscribe = async (...topics: string[]): Promise<readonly SubscriptionResult[]> => (await shopify.subscribeWebhooks?.(ctx, { address: ADDRESS, topics })) ?? [];

describe(`what a shop lists${ABSENT === undefined ? ', as Shopify’s own schema executes it' : ` (by an excerpt of the schema, because ${ABSENT})`}`, () => {
  it('is every variant and, where its stock is tracked, its inventory item, page after page', async () => {
    shop.directory.variants.push(variant(1, { barcode: '4006381333931' }), variant(2, { sku: '', barcode: 'shelf 7' }), variant(3, { tracked: false, sku: null }), variant(4, { status: 'ARCHIVED' }), variant(5, { status: 'DRAFT' }));
    const items = await all((...asked) => shopify.listItems?.(...asked) as Promise<ListPage<never>>, 4);
    const seen = { name: 'Variant 1', sku: 'SKU-1', gtins: ['4006381333931'], active: true };
    expect(items.slice(0, 5)).toEqual([
      { ref: { type: 'variant', id: '1' }, ...seen }, { ref: { type: 'inventory-item', id: '1001' }, ...seen },
      { ref: { type: 'variant', id: '2' }, name: 'Variant 2', active: true }, { ref: { type: 'inventory-item', id: '1002' }, name: 'Variant 2', active: true },
      { ref: { type: 'variant', id: '3' }, name: 'Variant 3', active: true },
    ]);
    expect(items).toHaveLength(9);
    expect(items.filter(({ active }) => active === false)).toHaveLength(2);
  });

  it('is every location, those that are switched off too', async () => {
    shop.directory.places.push({ id: 1, name: 'Warehouse', isActive: true, isFulfillmentService: false }, { id: 2, name: 'Closed', isActive: false, isFulfillmentService: false }, { id: 3, name: 'Someone else', isActive: true, isFulfillmentService: true });
    expect(await all((...asked) => shopify.listLocations?.(...asked) as Promise<ListPage<never>>, 2)).toEqual([
      { ref: { type: 'location', id: '1' }, name: 'Warehouse', active: true }, { ref: { type: 'location', id: '2' }, name: 'Closed', active: false }, { ref: { type: 'location', id: '3' }, name: 'Someone else', kind: 'other', active: true },
    ]);
  });

  it('is asked for again later when the shop has no more points or breaks', async () => {
    shop.faults.push({ executed: false, respond: (response) => void response.writeHead(429, { 'retry-after': '2' }).end('{}') });
    await expect(shopify.listItems?.(ctx, { cursor: null, limit: 10 })).rejects.toMatchObject({ kind: 'rate_limited', retryAfterMs: 2_000 });
    shop.faults.push({ executed: false, respond: (response) => void response.writeHead(502).end('bad gateway') });
    await expect(shopify.listLocations?.(ctx, { cursor: null, limit: 10 })).rejects.toMatchObject({ kind: 'transient' });
  });
});

describe('webhook subscriptions', () => {
  it('are made once a topic, and kept when they are asked for again', async () => {
    expect(await subscribe('orders/create', 'refunds/create')).toEqual([{ kind: 'created' }, { kind: 'created' }]);
    expect(shop.directory.subscriptions.map(({ topic, uri, format }) => [topic, uri, format])).toEqual([['ORDERS_CREATE', ADDRESS, 'JSON'], ['REFUNDS_CREATE', ADDRESS, 'JSON']]);
    expect(await subscribe('orders/create', 'refunds/create', 'orders/cancelled')).toEqual([{ kind: 'kept' }, { kind: 'kept' }, { kind: 'created' }]);
    expect(shop.directory.changes).toBe(3);
  });

  it('that lead to an old address of this hub are turned, and those of others are left alone', async () => {
    shop.directory.subscriptions.push(subscription('ORDERS_CREATE', { uri: 'https://old.example.com/webhooks/example-shop' }), subscription('REFUNDS_CREATE', { uri: 'https://hub.example.com/webhooks/another-shop' }));
    expect(await subscribe('orders/create', 'refunds/create')).toEqual([{ kind: 'repaired', detail: 'it led to https://old.example.com/webhooks/example-shop' }, { kind: 'created' }]);
    expect(shop.directory.subscriptions.map(({ uri }) => uri)).toEqual([ADDRESS, 'https://hub.example.com/webhooks/another-shop', ADDRESS]);
  });

  it.each([[{ includeFields: ['id'] }], [{ filter: 'total_price:>10' }], [{ format: 'XML' }]])('that restrict what is sent are made whole: %j', async (restriction) => {
    shop.directory.subscriptions.push(subscription('ORDERS_CREATE', restriction));
    expect(await subscribe('orders/create')).toEqual([{ kind: 'repaired', detail: 'it restricted what is sent' }]);
    expect(shop.directory.subscriptions).toMatchObject([{ includeFields: [], format: 'JSON', filter: '' }]);
    expect(await subscribe('orders/create')).toEqual([{ kind: 'kept' }]);
  });

  it('of a topic that a scope is missing for are refused alone', async () => {
    shop.directory.closed.add('ORDERS_CREATE');
    expect(await subscribe('orders/create', 'refunds/create')).toEqual([{ kind: 'rejected', code: 'user-error', detail: 'You cannot create a webhook subscription with the specified topic' }, { kind: 'created' }]);
  });

  it('whose answer got lost are found by the next upkeep and not made twice', async () => {
    shop.faults.push({ executed: true, respond: (response, answer) => void response.writeHead(200).end(answer) }, { executed: true, respond: (response) => void response.destroy() });
    await expect(subscribe('orders/create')).rejects.toMatchObject({ kind: 'transient' });
    expect(await subscribe('orders/create')).toEqual([{ kind: 'kept' }]);
    expect(shop.directory.subscriptions).toHaveLength(1);
  });
});
