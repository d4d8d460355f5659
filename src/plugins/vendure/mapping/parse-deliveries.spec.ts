import { readFileSync } from 'node:fs';
import type { CanonicalEvent, ParseResult } from '@crossdock/connector-sdk';
import { describe, expect, it } from 'vitest';
import type { Fields } from './fields.js';
import { feedRecord, marked, recordOf } from './order-record.js';
import { parseDeliveries } from './parse-deliveries.js';

const CONFIG = { shopUrl: 'https://shop.example.com', locationId: '1' };
const order = (): Record<string, unknown> => JSON.parse(readFileSync(new URL('../fixtures/order-changed.json', import.meta.url), 'utf8')) as Record<string, unknown>;

function parse(body: string, topic = 'order'): ParseResult {
  const [result] = parseDeliveries(CONFIG, [{ deliveryId: 'd', topic, body, headers: {}, receivedAt: '2026-11-20T12:00:00Z' }]);
  if (result === undefined) throw new Error('no answer');
  return result;
}

const feedEntry = async (record: ReturnType<typeof recordOf>) => feedRecord(await marked(record));
const read = (changed: Fields): ParseResult => parse(JSON.stringify(recordOf(changed)));
function facts(result: ParseResult): readonly CanonicalEvent[] {
  if (result.kind !== 'events') throw new Error(`${result.kind}: ${result.reason}`);
  return result.events;
}

describe('an order', () => {
  it('is what was sold when it was placed, what modifications added, and what cancellations gave back', () => {
    const at = { location: { type: 'location', id: '1' }, kind: 'StockMoved' };
    const lantern = { type: 'variant', id: '7', sku: 'LANTERN-W' };
    expect(facts(read(order()))).toEqual([
      { ...at, movement: 'sale', eventId: 'order/4711', line: '31', item: lantern, quantity: 6, occurredAt: '2026-11-20T10:00:00.500Z' },
      { ...at, movement: 'sale', eventId: 'order/4711', line: '32', item: { type: 'variant', id: '8' }, quantity: 2, occurredAt: '2026-11-20T10:00:00.500Z' },
      // The shop noted 1: three were added to the two that were there.
      { ...at, movement: 'sale', eventId: 'modification/2', line: '32', item: { type: 'variant', id: '8' }, quantity: 3, occurredAt: '2026-11-20T11:30:00.000Z' },
      { ...at, movement: 'sale', eventId: 'modification/2', line: '33', item: { type: 'variant', id: '9', sku: 'CANDLE' }, quantity: 1, occurredAt: '2026-11-20T11:30:00.000Z' },
      { ...at, movement: 'return', eventId: 'cancellation/90', line: '31', item: lantern, quantity: 1, occurredAt: '2026-11-20T11:00:00.000Z' },
      { ...at, movement: 'return', eventId: 'cancellation/95', line: '31', item: lantern, quantity: 1, occurredAt: '2026-11-20T12:30:00.000Z' },
    ]);
  });

  it('is one record for as long as no unit moves, and holds nothing about who bought', async () => {
    const first = await feedEntry(recordOf(order()));
    expect(await feedEntry(recordOf({ ...order(), state: 'Shipped', updatedAt: '2026-12-01T00:00:00.000Z', customer: { emailAddress: 'canary@example.test' } }))).toEqual(first);
    expect(first.body).not.toMatch(/canary|her mind/);
    expect((await feedEntry(recordOf({ ...order(), history: { totalItems: 0, items: [] } }))).id).not.toBe(first.id);
    expect(first.id).toMatch(/^order\/4711\/[0-9a-f]{20}$/);
  });

  it('of one vendor is left to the aggregate order, and one without units tells nothing', () => {
    expect(read({ ...order(), type: 'Seller' })).toMatchObject({ kind: 'ignored', reason: expect.stringMatching(/aggregate/) });
    expect(read({ ...order(), lines: [], modifications: [], history: { totalItems: 0, items: [] } })).toMatchObject({ kind: 'ignored' });
  });

  it('that does not add up, or was read in part only, fails and is not guessed', () => {
    const { history } = order() as { history: { items: unknown[] } };
    expect(read({ ...order(), history: { totalItems: 2, items: history.items.slice(1) } })).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/fewer units/) });
    expect(read({ ...order(), history: { ...history, totalItems: 501 } })).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/too often/) });
    expect(read({ ...order(), lines: [] })).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/does not have/) });
  });

  it.each([
    ['no JSON', '{', /no JSON/],
    ['null', 'null', /no object/],
    ['no fields', '{"whole":true}', /no id/],
    ['a time that is none', '{"whole":true,"order":"1","placedAt":"yesterday"}', /placedAt is no time/],
    ['half a unit', '{"whole":true,"order":"1","placedAt":"2026-11-20T10:00:00Z","lines":[{"id":"1","variant":"1","placed":0.5,"quantity":1}]}', /no whole number/],
    ['less than nothing', '{"whole":true,"order":"1","placedAt":"2026-11-20T10:00:00Z","lines":[{"id":"1","variant":"1","placed":-1,"quantity":1}]}', /less than nothing/],
    ['an id with a zero byte', '{"whole":true,"order":"1\\u0000","placedAt":"2026-11-20T10:00:00Z","lines":[]}', /no id/],
  ])('with %s fails alone, with the name of what is wrong and none of its values', (_what, body, reason) => {
    const result = parse(body);
    expect(result.kind === 'failed' ? result.reason : result).toMatch(reason);
  });

  it('is the only topic', () => {
    expect(parse('{}', 'product')).toMatchObject({ kind: 'ignored' });
  });
});
