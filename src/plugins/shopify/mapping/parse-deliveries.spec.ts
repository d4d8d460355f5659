import { readFileSync } from 'node:fs';
import type { CanonicalEvent, ParseResult } from '@crossdock/connector-sdk';
import { describe, expect, it } from 'vitest';
import type { ShopifyConfig } from '../config.js';
import { parseDeliveries } from './parse-deliveries.js';

const CONFIG: ShopifyConfig = { shopUrl: 'https://example.myshopify.com', locationId: 'gid://shopify/Location/111', defaultLocationId: '222' };

function fixture(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')) as Record<string, unknown>;
}

function parse(topic: string, body: unknown, headers: Record<string, string> = {}, config = CONFIG): ParseResult {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const [result] = parseDeliveries(config, [{ deliveryId: 'd', topic, body: text, headers, receivedAt: '2026-11-20T12:00:00Z' }]);
  if (result === undefined) throw new Error('no answer');
  return result;
}

function events(result: ParseResult): readonly CanonicalEvent[] {
  if (result.kind !== 'events') throw new Error(`${result.kind}: ${result.reason}`);
  return result.events;
}

const key = (event: CanonicalEvent) => (event.kind === 'StockMoved' ? `${event.eventId}#${event.line}` : event.eventId);

describe('orders', () => {
  it('books each line that takes stock as a sale under the order and line ids', () => {
    expect(events(parse('orders/create', fixture('order-create')))).toEqual([
      {
        kind: 'StockMoved',
        eventId: 'order/5968241066121',
        line: '14867210174601',
        movement: 'sale',
        item: { type: 'variant', id: '44901234112649', sku: 'MUG-RED' },
        location: { type: 'location', id: '222' },
        quantity: 2,
        occurredAt: '2026-11-20T09:15:30.000Z',
      },
      expect.objectContaining({ line: '14867210207369', quantity: 1 }),
    ]);
  });

  it('tells the same sales again from orders/cancelled, and the restocks of its refunds under the keys of refunds/create', () => {
    const created = events(parse('orders/create', fixture('order-create')));
    const refunded = events(parse('refunds/create', fixture('refund-create')));
    expect(events(parse('orders/cancelled', fixture('order-cancelled')))).toEqual([...created, ...refunded]);
    expect(refunded.map(key)).toEqual(['refund/962340749321#530984108553']);
  });

  it('books a till sale at the order’s own location and an online sale at the default one', () => {
    const atTill = events(parse('orders/create', { ...fixture('order-create'), location_id: 72831205385 }));
    expect(new Set(atTill.map((event) => event.location.id))).toEqual(new Set(['72831205385']));
    const withoutDefault = events(parse('orders/create', fixture('order-create'), {}, { ...CONFIG, defaultLocationId: undefined }));
    expect(withoutDefault[0]?.location.id).toBe('111');
  });

  it('ignores test orders, test notifications and orders that take no stock, and says why', () => {
    expect(parse('orders/create', { ...fixture('order-create'), test: true })).toEqual({ kind: 'ignored', reason: 'a test order' });
    expect(parse('orders/create', fixture('order-create'), { 'x-shopify-test': 'true' })).toEqual({ kind: 'ignored', reason: 'a test notification' });
    const giftOnly = { ...fixture('order-create'), line_items: [{ id: 1, variant_id: 2, quantity: 1, gift_card: true }] };
    expect(parse('orders/create', giftOnly)).toEqual({ kind: 'ignored', reason: 'a gift card is no stock' });
  });

  it('keeps ids that a double would round', () => {
    const body = JSON.stringify(fixture('order-create')).replaceAll('5968241066121', '820982911946154508').replaceAll('44901234112649', '9007199254740993');
    const [first] = events(parse('orders/create', body));
    expect(first).toMatchObject({ eventId: 'order/820982911946154508', item: { id: '9007199254740993' } });
  });

  it('books lines without a variant by their SKU only where the connection says so', () => {
    const order = { ...fixture('order-create'), line_items: [{ id: 1, variant_id: null, sku: 'OLD-1', quantity: 3, requires_shipping: true }] };
    expect(parse('orders/create', order).kind).toBe('ignored');
    const [sale] = events(parse('orders/create', order, {}, { ...CONFIG, linesWithoutVariant: 'sku' }));
    expect(sale?.item).toEqual({ type: 'sku', id: 'OLD-1', sku: 'OLD-1' });
  });

  it('leaves out a SKU that no database could store, and keeps the sale', () => {
    const order = { ...fixture('order-create'), line_items: [{ id: 1, variant_id: 2, sku: 'A\u0000B', quantity: 1 }] };
    expect(events(parse('orders/create', order))[0]?.item).toEqual({ type: 'variant', id: '2' });
  });

  it('fails, naming the field, where what is needed is not there', () => {
    const order = fixture('order-create');
    expect(parse('orders/create', { ...order, line_items: undefined })).toEqual({ kind: 'failed', reason: 'line_items is missing' });
    expect(parse('orders/create', { ...order, processed_at: null, created_at: null })).toEqual({ kind: 'failed', reason: 'processed_at and created_at are missing' });
    expect(parse('orders/create', { ...order, line_items: [{ id: 1, variant_id: 2, quantity: 1.5 }] })).toEqual({ kind: 'failed', reason: 'quantity is no number of units' });
  });
});

describe('refunds', () => {
  it('puts back return, cancel and legacy_restock, and nothing else', () => {
    const refund = fixture('refund-create');
    const [line] = refund['refund_line_items'] as Record<string, unknown>[];
    for (const restockType of ['return', 'cancel', 'legacy_restock']) {
      const [event] = events(parse('refunds/create', { ...refund, refund_line_items: [{ ...line, restock_type: restockType }] }));
      expect(event).toMatchObject({ movement: 'return', quantity: 2, location: { type: 'location', id: '72831205385' }, occurredAt: '2026-11-20T10:02:09.000Z' });
    }
    for (const restockType of ['no_restock', 'teleport', undefined]) {
      expect(parse('refunds/create', { ...refund, refund_line_items: [{ ...line, restock_type: restockType }] }).kind).toBe('ignored');
    }
  });

  it('books at the default location where the refund names none', () => {
    const refund = fixture('refund-create');
    const [line] = refund['refund_line_items'] as Record<string, unknown>[];
    const [event] = events(parse('refunds/create', { ...refund, refund_line_items: [{ ...line, location_id: null }] }));
    expect(event?.location.id).toBe('222');
  });

  it('puts nothing back for a refund whose payments were all tests, because its sale was never booked', () => {
    const refund = { ...fixture('refund-create'), transactions: [{ id: 1, test: true }] };
    expect(parse('refunds/create', refund)).toEqual({ kind: 'ignored', reason: 'a refund of a test payment' });
  });
});

describe('inventory levels', () => {
  it('observes the figure net of orders', () => {
    expect(events(parse('inventory_levels/update', fixture('inventory-level-update')))).toEqual([
      {
        kind: 'StockObserved',
        eventId: 'inventory-level/46956012634377/72831205385/2026-11-20T09:15:33.000Z/17',
        item: { type: 'inventory-item', id: '46956012634377' },
        location: { type: 'location', id: '72831205385' },
        quantity: 17,
        asOf: '2026-11-20T09:15:33.000Z',
        basis: 'netOfOrders',
      },
    ]);
  });

  it('tells two figures of one second apart, in the order in which they were triggered', () => {
    const level = fixture('inventory-level-update');
    const [first] = events(parse('inventory_levels/update', level, { 'x-shopify-triggered-at': '2026-11-20T09:15:33.201000123Z' }));
    const [second] = events(parse('inventory_levels/update', { ...level, available: 16 }, { 'x-shopify-triggered-at': '2026-11-20T09:15:33.877041743Z' }));
    const [late] = events(parse('inventory_levels/update', level, { 'x-shopify-triggered-at': '2026-11-20T09:20:00.5Z' }));
    expect([first, second, late].map((event) => (event?.kind === 'StockObserved' ? event.asOf : ''))).toEqual([
      '2026-11-20T09:15:33.201Z',
      '2026-11-20T09:15:33.877Z',
      '2026-11-20T09:15:33.000Z',
    ]);
    const [noHeader] = events(parse('inventory_levels/update', { ...level, available: 16 }));
    expect(noHeader?.eventId).not.toBe(late?.eventId);
  });

  it('takes a negative figure as it is and ignores an untracked one', () => {
    const level = fixture('inventory-level-update');
    expect(events(parse('inventory_levels/update', { ...level, available: -3 }))[0]?.quantity).toBe(-3);
    expect(parse('inventory_levels/update', { ...level, available: null }).kind).toBe('ignored');
  });
});

describe('a batch', () => {
  it('ignores topics that tell nothing of stock', () => {
    expect(parse('products/update', {})).toEqual({ kind: 'ignored', reason: 'topic products/update tells nothing of stock' });
    expect(parse('__proto__', {}).kind).toBe('ignored');
  });

  it('fails a body that cannot be read alone, without quoting it', () => {
    const bodies = ['', 'not json', '[]', 'null', '{"id":', '['.repeat(200_000), '{"__proto__":{"id":1}}', JSON.stringify(fixture('order-create'))];
    const results = parseDeliveries(CONFIG, bodies.map((body) => ({ deliveryId: 'd', topic: 'orders/create', body, headers: {}, receivedAt: '' })));
    expect(results.map((result) => result.kind)).toEqual(['failed', 'failed', 'failed', 'failed', 'failed', 'failed', 'failed', 'events']);
    expect(JSON.stringify(results.slice(0, 7))).not.toMatch(/not json|\[\[/);
  });
});
