import type { Delivery } from '@crossdock/connector-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesOf } from './batches.js';

const delivery = (chars: number, index: number): Delivery => ({ deliveryId: String(index), topic: 't', body: 'x'.repeat(chars), headers: {}, receivedAt: '2026-11-23T12:00:00Z' });

describe('the calls that deliveries are split into', () => {
  it('keep every delivery in order, within count and size, a large one alone', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(0, 10, 100_000, 262_144, 300_000), { maxLength: 40 }), fc.integer({ min: 1, max: 7 }), (sizes, most) => {
      const deliveries = sizes.map(delivery);
      const batches = [...batchesOf(deliveries, most)];
      expect(batches.flat()).toEqual(deliveries);
      for (const batch of batches) {
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.length).toBeLessThanOrEqual(most);
        expect(batch.length === 1 || batch.reduce((sum, { body }) => sum + body.length, 0) <= 262_144).toBe(true);
      }
    }));
  });
});
