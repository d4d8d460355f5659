import { describe, expect, it } from 'vitest';
import { parseNotification } from './notifications.js';

const delivery = (topic: string, body: unknown): Parameters<typeof parseNotification>[0] => ({ deliveryId: 'd1', topic, body: typeof body === 'string' ? body : JSON.stringify(body), headers: {}, receivedAt: '2026-11-23T10:00:00Z' });
const order = { order_id: 'M-1', purchased_at: '2026-11-23T09:00:00Z', cancelled_at: '2026-11-23T09:30:00Z', ship_from: 'wh', lines: [{ order_line_id: 'M-1-1', sku: 'MUG', quantity: 2 }] };
const goods = { return_id: 'R-1', received_at: '2026-11-23T09:40:00Z', received_by: 'wh', lines: [{ return_line_id: '1', sku: 'MUG', quantity: 1, condition: 'damaged' }] };

describe('a notification of the marketplace', () => {
  it('becomes movements under the business key of order and line', () => {
    const item = { type: 'sku', id: 'MUG', sku: 'MUG' };
    const location = { type: 'warehouse', id: 'wh' };
    expect(parseNotification(delivery('order.created', { order }))).toEqual({ kind: 'events', events: [
      { kind: 'StockMoved', eventId: 'order/M-1', line: 'M-1-1', movement: 'sale', item, location, quantity: 2, occurredAt: '2026-11-23T09:00:00Z' },
    ] });
    expect(parseNotification(delivery('order.cancelled', { order }))).toEqual({ kind: 'events', events: [
      { kind: 'StockMoved', eventId: 'order/M-1/cancelled', line: 'M-1-1', movement: 'return', item, location, quantity: 2, occurredAt: '2026-11-23T09:30:00Z' },
    ] });
    expect(parseNotification(delivery('return.received', { return: goods }))).toEqual({ kind: 'events', events: [
      { kind: 'StockMoved', eventId: 'return/R-1', line: '1', movement: 'return', item, location, quantity: 1, occurredAt: '2026-11-23T09:40:00Z', condition: 'damaged' },
    ] });
  });

  it('gives the same events for the same delivery, whatever its delivery id', () => {
    const first = parseNotification(delivery('order.created', { order }));
    expect(parseNotification({ ...delivery('order.created', { order }), deliveryId: 'd2' })).toEqual(first);
  });

  it('is left alone when its topic moves no stock or it has no lines', () => {
    expect(parseNotification(delivery('listing.updated', 'no JSON')).kind).toBe('ignored');
    expect(parseNotification(delivery('order.created', { order: { ...order, lines: [] } })).kind).toBe('ignored');
    expect(parseNotification(delivery('constructor', {})).kind).toBe('ignored');
  });

  it.each<[string, unknown]>([
    ['no JSON', '{'], ['no object', '[]'], ['no order', {}], ['no id', { order: { ...order, order_id: '' } }], ['no time', { order: { ...order, purchased_at: 'yesterday' } }],
    ['no place', { order: { ...order, ship_from: null } }], ['no list', { order: { ...order, lines: {} } }], ['a line that is none', { order: { ...order, lines: [null] } }],
    ...[0, -1, 1.5, '2', null, 1e300].map((quantity): [string, unknown] => [`quantity ${quantity}`, { order: { ...order, lines: [{ ...order.lines[0], quantity }] } }]),
  ])('fails and says why: %s', (_, body) => {
    expect(parseNotification(delivery('order.created', body))).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/\w/) as string });
  });
});
