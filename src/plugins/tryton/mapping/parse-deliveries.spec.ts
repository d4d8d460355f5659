import type { ParseResult, StockMoved } from '@crossdock/connector-sdk';
import { describe, expect, it } from 'vitest';
import type { MoveRecord, MoveSide } from './move-record.js';
import { parseDeliveries } from './parse-deliveries.js';

const STORAGE: MoveSide = { location: 3, type: 'storage', place: 5 };
const OTHER_STORE: MoveSide = { location: 9, type: 'storage', place: 12 };
const ZONE: MoveSide = { location: 1, type: 'storage', place: null };
const outside = (type: string): MoveSide => ({ location: 7, type, place: null });

const MOVE: MoveRecord = {
  id: 41, product: 8, code: 'MUG', quantity: 6, unit: 'u', from: STORAGE, to: outside('customer'), document: null,
  effectiveDate: '2026-11-23', writtenAt: '2026-11-23T07:42:08.185097', timeZone: 'Europe/London',
};

const parse = (topic: string, body: unknown): ParseResult => {
  const [result] = parseDeliveries([{ deliveryId: 'd', topic, body: typeof body === 'string' ? body : JSON.stringify(body), headers: {}, receivedAt: '2026-11-23T08:00:00Z' }]);
  if (result === undefined) throw new Error('no result');
  return result;
};
const events = (change: Partial<MoveRecord>): StockMoved[] => {
  const result = parse('stock-move', { ...MOVE, ...change });
  if (result.kind !== 'events') throw new Error(JSON.stringify(result));
  return result.events as StockMoved[];
};

describe('a done move', () => {
  it('is a delta at the place that it leaves', () => {
    expect(events({})).toEqual([{
      kind: 'StockMoved', eventId: 'move/41', line: 'out', movement: 'sale', item: { type: 'product', id: '8', sku: 'MUG' }, location: { type: 'location', id: '5' },
      quantity: 6, occurredAt: '2026-11-23T07:42:08.185Z',
    }]);
  });

  it.each<[string, MoveSide, MoveSide, string | null, [string, number]]>([
    ['to a customer', STORAGE, outside('customer'), null, ['sale', 6]],
    ['to the output zone, picked for a customer', STORAGE, ZONE, 'stock.shipment.out', ['sale', 6]],
    ['to the output zone, picked for another warehouse', STORAGE, ZONE, 'stock.shipment.internal', ['adjustment', -6]],
    ['to a supplier', STORAGE, outside('supplier'), 'stock.shipment.in.return', ['adjustment', -6]],
    ['lost', STORAGE, outside('lost_found'), null, ['adjustment', -6]],
    ['into production', STORAGE, outside('production'), null, ['adjustment', -6]],
    ['from a supplier', outside('supplier'), STORAGE, null, ['receipt', 6]],
    ['put away from the input zone', ZONE, STORAGE, 'stock.shipment.in', ['receipt', 6]],
    ['from a customer', outside('customer'), STORAGE, null, ['return', 6]],
    ['put away after a return', ZONE, STORAGE, 'stock.shipment.out.return', ['return', 6]],
    ['found', outside('lost_found'), STORAGE, null, ['adjustment', 6]],
  ])('%s', (_, from, to, document, [movement, quantity]) => {
    expect(events({ from, to, document })).toMatchObject([{ movement, quantity }]);
  });

  it('between two places is one delta at each, whatever the document', () => {
    for (const document of [null, 'stock.shipment.internal', 'stock.shipment.out']) {
      expect(events({ to: OTHER_STORE, document })).toMatchObject([
        { eventId: 'move/41', line: 'out', movement: 'adjustment', location: { id: '5' }, quantity: -6 },
        { eventId: 'move/41', line: 'in', movement: 'adjustment', location: { id: '12' }, quantity: 6 },
      ]);
    }
  });

  it('within one place, between none, or of nothing tells nothing', () => {
    expect(parse('stock-move', { ...MOVE, to: { ...STORAGE, location: 99 } }).kind).toBe('ignored');
    expect(parse('stock-move', { ...MOVE, from: ZONE }).kind).toBe('ignored');
    expect(parse('stock-move', { ...MOVE, quantity: 0 }).kind).toBe('ignored');
  });

  it('of a fraction fails with its unit', () => {
    expect(parse('stock-move', { ...MOVE, quantity: 0.25, unit: 'kg' })).toEqual({ kind: 'failed', reason: 'move 41 is of 0.25 kg: the hub counts whole units of the product\'s own unit' });
  });

  it.each([
    ['entered the same day', '2026-11-23', '2026-11-23T07:42:08.185097', 'Europe/London', '2026-11-23T07:42:08.185Z'],
    ['dated ahead', '2026-12-24', '2026-11-23T07:42:08.185097', 'Europe/London', '2026-11-23T07:42:08.185Z'],
    ['entered a day later', '2026-11-22', '2026-11-23T07:42:08.185097', 'Europe/London', '2026-11-22T23:59:59.999Z'],
    ['entered after midnight by its company\'s clock', '2026-11-23', '2026-11-22T23:30:00.000000', 'Europe/Berlin', '2026-11-22T23:30:00.000Z'],
    ['entered later on the day that clocks went back', '2026-10-25', '2026-10-27T09:00:00.000000', 'Europe/Berlin', '2026-10-25T22:59:59.999Z'],
    ['entered later at the world\'s end', '2026-11-20', '2026-11-23T07:42:08.185097', 'Pacific/Kiritimati', '2026-11-20T09:59:59.999Z'],
  ])('%s happened when its document says', (_, effectiveDate, writtenAt, timeZone, occurredAt) => {
    expect(events({ effectiveDate, writtenAt, timeZone })[0]?.occurredAt).toBe(occurredAt);
  });
});

describe('an opening stock', () => {
  const OPENING = { product: 8, code: null, place: 5, quantity: -3, unit: 'u', asOf: '2026-11-23T07:42:08.185097' };

  it('is a delta under one key for ever, negative where the ERP\'s is', () => {
    expect(parse('opening-stock', OPENING)).toEqual({
      kind: 'events',
      events: [{ kind: 'StockMoved', eventId: 'opening/8/5', line: '1', movement: 'adjustment', item: { type: 'product', id: '8' }, location: { type: 'location', id: '5' }, quantity: -3, occurredAt: '2026-11-23T07:42:08.185Z' }],
    });
  });

  it('of a fraction fails', () => {
    expect(parse('opening-stock', { ...OPENING, quantity: 1.5, unit: 'm' })).toMatchObject({ kind: 'failed', reason: expect.stringContaining('1.5 m') as string });
  });
});

describe('a record that is not this connector\'s', () => {
  it.each(['', '{', '[]', 'null', '{}', JSON.stringify({ ...MOVE, id: 0 }), JSON.stringify({ ...MOVE, from: null }), JSON.stringify({ ...MOVE, quantity: '6' }),
    JSON.stringify({ ...MOVE, writtenAt: 'yesterday' }), JSON.stringify({ ...MOVE, timeZone: 'Mars/Olympus' }), JSON.stringify({ ...MOVE, writtenAt: '2026-99-99T99:99:99.000000' })])('fails alone: %s', (body) => {
    const deliveries = [body, JSON.stringify(MOVE)].map((text, index) => ({ deliveryId: `d${index}`, topic: 'stock-move', body: text, headers: {}, receivedAt: '' }));
    expect(parseDeliveries(deliveries).map(({ kind }) => kind)).toEqual(['failed', 'events']);
  });

  it('of an unknown topic is ignored', () => {
    expect(parse('sale', MOVE).kind).toBe('ignored');
  });
});
