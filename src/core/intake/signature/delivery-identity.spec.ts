import type { WebhookDeclaration } from '@crossdock/connector-sdk';
import { describe, expect, it } from 'vitest';
import { chosenHeaders } from './chosen-headers.js';
import { deliveryIdOf, topicOf } from './delivery-identity.js';

const declaration: WebhookDeclaration = {
  verification: { scheme: 'hmac', algorithm: 'sha256', encoding: 'base64', header: 'X-Shop-Hmac', secret: 'webhookSecret' },
  deliveryIdHeader: 'X-Shop-Delivery', topicHeader: 'X-Shop-Topic', topics: ['orders/create', 'refunds/create'],
};
const body = Buffer.from('{"id":1}');

describe('the topic of a delivery', () => {
  it('is the declared header, before the last part of the address', () => {
    expect(topicOf(declaration, { 'x-shop-topic': 'orders/create' }, 'refunds')).toBe('orders/create');
    expect(topicOf(declaration, {}, 'refunds')).toBe('refunds');
  });

  it('is the only declared one when nobody says, and empty when there are several', () => {
    expect(topicOf({ ...declaration, topics: ['sales'] }, {}, undefined)).toBe('sales');
    expect(topicOf(declaration, {}, undefined)).toBe('');
  });

  it('is refused when it holds what no topic holds', () => {
    for (const odd of ['a b', 'orders\0', '../x', 'ä', 'x'.repeat(101)]) expect(topicOf(declaration, { 'x-shop-topic': odd }, undefined), odd).toBeUndefined();
  });
});

describe('the id of a delivery', () => {
  it('is what the sender says', () => {
    expect(deliveryIdOf(declaration, { 'x-shop-delivery': 'abc-1' }, 'orders/create', body)).toBe('abc-1');
  });

  it('is derived from topic and body when the sender says none, the same for the same words only', () => {
    const id = (topic: string, bytes: Buffer): string => deliveryIdOf(declaration, {}, topic, bytes);
    expect(id('orders/create', body)).toMatch(/^body-sha256:[0-9a-f]{64}$/);
    expect(id('orders/create', Buffer.from(body))).toBe(id('orders/create', body));
    expect(id('refunds/create', body)).not.toBe(id('orders/create', body));
    expect(id('orders/create', Buffer.from('{"id":2}'))).not.toBe(id('orders/create', body));
  });

  it('stays short enough for a key', () => {
    const long = deliveryIdOf(declaration, { 'x-shop-delivery': 'y'.repeat(5_000) }, 'orders/create', body);
    expect(long).toMatch(/^id-sha256:[0-9a-f]{64}$/);
    expect(long).not.toBe(deliveryIdOf(declaration, { 'x-shop-delivery': 'y'.repeat(5_001) }, 'orders/create', body));
  });

  it('is never the name of a polled record', () => {
    expect(deliveryIdOf(declaration, { 'x-shop-delivery': 'feed:orders:1' }, 'orders/create', body)).toMatch(/^id-sha256:[0-9a-f]{64}$/);
  });
});

describe('the headers that are kept', () => {
  it('are those of the sender, without the signature, credentials and proxies', () => {
    const kept = chosenHeaders(declaration, {
      'content-type': 'application/json', 'user-agent': 'shop/1', 'x-shop-topic': 'orders/create', 'x-shop-api-version': '2026-07', 'x-shop-hmac': 'c2lnbmF0dXJl',
      authorization: 'Bearer canary', cookie: 'session=canary', 'x-forwarded-for': '10.0.0.1', 'x-api-key': 'canary', host: 'hub', 'x-shop-twice': ['a', 'b'],
    });
    expect(kept).toEqual({ 'content-type': 'application/json', 'user-agent': 'shop/1', 'x-shop-topic': 'orders/create', 'x-shop-api-version': '2026-07' });
  });

  it('are bounded in number and length', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-shop-h${index}`, 'v'.repeat(5_000)]));
    const kept = chosenHeaders(declaration, many);
    expect(Object.keys(kept).length).toBe(32);
    expect(Math.max(...Object.values(kept).map((value) => value.length))).toBe(1_000);
  });
});
