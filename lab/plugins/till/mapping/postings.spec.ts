import { describe, expect, it } from 'vitest';
import { parsePosting } from './postings.js';

const delivery = (topic: string, body: unknown): Parameters<typeof parsePosting>[0] => ({ deliveryId: 'p1', topic, body: typeof body === 'string' ? body : JSON.stringify(body), headers: {}, receivedAt: '2026-11-23T10:00:00Z' });
const posting = (quantity: unknown = 2) => ({ receipt: 'store-1-0000007', store: 'store-1', at: '2026-11-23T09:00:00Z', positions: [{ position: 1, sku: 'MUG', quantity }] });

describe('a posting of a till', () => {
  it.each([['sales', 'sale', 2], ['returns', 'return', 2], ['receipts', 'receipt', 12], ['adjustments', 'adjustment', -3]])('%s become a %s', (topic, movement, quantity) => {
    expect(parsePosting(delivery(topic, posting(quantity)))).toEqual({ kind: 'events', events: [{
      kind: 'StockMoved', eventId: `${movement}/store-1-0000007`, line: '1', movement, item: { type: 'sku', id: 'MUG', sku: 'MUG' }, location: { type: 'store', id: 'store-1' }, quantity, occurredAt: '2026-11-23T09:00:00Z',
    }] });
  });

  it('of a count is what lay on the shelf at that moment, nothing included', () => {
    expect(parsePosting(delivery('counts', posting(0)))).toEqual({ kind: 'events', events: [{
      kind: 'StockObserved', eventId: 'count/store-1-0000007/1', item: { type: 'sku', id: 'MUG', sku: 'MUG' }, location: { type: 'store', id: 'store-1' }, quantity: 0, asOf: '2026-11-23T09:00:00Z', basis: 'onHand',
    }] });
  });

  it('is left alone when it is none, or empty', () => {
    expect(parsePosting(delivery('drawer-opened', '')).kind).toBe('ignored');
    expect(parsePosting(delivery('sales', { ...posting(), positions: [] })).kind).toBe('ignored');
  });

  it.each([
    ['sales', 'no JSON', '{'], ['sales', 'no receipt', { ...posting(), receipt: 7 }], ['sales', 'no store', { ...posting(), store: '' }], ['sales', 'no time', { ...posting(), at: 1 }],
    ['sales', 'no positions', { ...posting(), positions: undefined }], ['sales', 'sold nothing', posting(0)], ['returns', 'less than nothing', posting(-1)], ['adjustments', 'by nothing', posting(0)],
    ['adjustments', 'no number', posting('3')], ['counts', 'less than nothing', posting(-1)], ['sales', 'no position number', { ...posting(), positions: [{ sku: 'MUG', quantity: 1 }] }],
  ])('%s fail and say why: %s', (topic, _, body) => {
    expect(parsePosting(delivery(topic, body))).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/\w/) as string });
  });
});
