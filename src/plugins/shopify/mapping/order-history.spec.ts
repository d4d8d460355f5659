import type { StockMoved } from '@crossdock/connector-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDeliveries } from './parse-deliveries.js';

const CONFIG = { shopUrl: 'https://example.myshopify.com', locationId: '111', linesWithoutVariant: 'sku' } as const;

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 3 });
const line = fc.record({
  variant_id: maybe(fc.integer({ min: 1, max: 9 })),
  sku: maybe(fc.constantFrom('A', 'B', '')),
  quantity: fc.nat(4),
  gift_card: fc.boolean(),
  requires_shipping: fc.boolean(),
  variant_inventory_management: maybe(fc.constant('shopify')),
});
const refundLine = fc.record({ of: fc.nat(), quantity: fc.nat(2), restock_type: fc.constantFrom('return', 'cancel', 'no_restock', 'legacy_restock'), location_id: maybe(fc.constantFrom(5, 6)) });
const history = fc.record({
  lines: fc.array(line, { minLength: 1, maxLength: 5 }),
  refunds: fc.array(fc.array(refundLine, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
  locationId: maybe(fc.constant(7)),
  heard: fc.array(fc.nat(), { maxLength: 8 }),
});

type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** The messages that Shopify sends in the course of one order's life; the last one carries all of it. */
function messagesOf({ lines, refunds, locationId }: History): { topic: string; body: string }[] {
  const lineItems = lines.map((each, index) => ({ id: 100 + index, current_quantity: each.quantity, ...each }));
  const refundOf = (each: History['refunds'][number], index: number) => ({
    id: 500 + index,
    created_at: '2026-11-20T11:00:00Z',
    refund_line_items: each.map(({ of, ...rest }, at) => ({ id: 1000 + index * 10 + at, line_item_id: 100 + (of % lineItems.length), line_item: lineItems[of % lineItems.length], ...rest })),
  });
  const order = { id: 42, created_at: '2026-11-20T10:00:00Z', location_id: locationId, line_items: lineItems, refunds: [] };
  const told = refunds.map(refundOf);
  return [
    { topic: 'orders/create', body: JSON.stringify(order) },
    ...told.map((refund) => ({ topic: 'refunds/create', body: JSON.stringify(refund) })),
    { topic: 'orders/cancelled', body: JSON.stringify({ ...order, line_items: lineItems.map((each) => ({ ...each, current_quantity: 0 })), refunds: told }) },
  ];
}

/** As the ledger does: each key once, and the first word stands. */
function book(messages: readonly { topic: string; body: string }[]): Map<string, StockMoved> {
  const booked = new Map<string, StockMoved>();
  for (const result of parseDeliveries(CONFIG, messages.map((message) => ({ deliveryId: 'd', headers: {}, receivedAt: '', ...message })))) {
    if (result.kind === 'failed') throw new Error(result.reason);
    for (const event of result.kind === 'events' ? result.events : []) {
      if (event.kind !== 'StockMoved') throw new Error('an observation');
      const key = `${event.eventId}#${event.line}`;
      expect(event).toEqual(booked.get(key) ?? event);
      booked.set(key, event);
    }
  }
  return booked;
}

describe('the history of an order', () => {
  it('comes to the same stock whichever of its messages are heard, in whatever order and however often, once the last is heard', () => {
    fc.assert(
      fc.property(history, (one) => {
        const messages = messagesOf(one);
        const last = messages.slice(-1);
        const heard = one.heard.flatMap((index) => messages[index % messages.length] ?? []);
        const whole = book(last);
        expect(book(messages)).toEqual(whole);
        expect(book([...heard, ...last])).toEqual(whole);
        expect(book([...last, ...heard])).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  it('never brings back what it did not take', () => {
    fc.assert(
      fc.property(history, (one) => {
        const booked = [...book(messagesOf(one)).values()];
        const sold = new Set(booked.filter((event) => event.movement === 'sale').map((event) => JSON.stringify(event.item)));
        for (const event of booked.filter((each) => each.movement === 'return')) expect(sold.has(JSON.stringify(event.item)) || one.lines.some((each) => each.quantity === 0)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
