import { describe, expect, it } from 'vitest';
import { CostBucket, msToRestore } from './cost-bucket.js';
import { retryAfterMs } from './retry-after.js';

const status = { maximumAvailable: 1000, currentlyAvailable: 0, restoreRate: 100 };

describe('the bucket of query cost', () => {
  it('holds nothing back before Shopify has said anything', () => {
    const bucket = new CostBucket(10);
    bucket.begin();
    expect(bucket.waitMs(0)).toBe(0);
  });

  it('waits exactly as long as the missing points take, and less as time passes', () => {
    const bucket = new CostBucket(10);
    bucket.begin()(1_000, 50, status);
    expect([1_000, 1_250, 1_400, 1_500, 9_000].map((nowMs) => bucket.waitMs(nowMs))).toEqual([500, 250, 100, 0, 0]);
  });

  it('counts calls that are under way as spent until they come back', () => {
    const bucket = new CostBucket(10);
    bucket.begin()(0, 50, { ...status, currentlyAvailable: 100 });
    const first = bucket.begin();
    expect(bucket.waitMs(0)).toBe(0);
    const second = bucket.begin();
    expect(bucket.waitMs(0)).toBe(500);
    first(0, undefined, undefined);
    expect(bucket.waitMs(0)).toBe(0);
    second(0, undefined, undefined);
    expect(bucket.waitMs(0)).toBe(0);
  });

  it('never waits for more than the bucket can hold, nor for a clock that ran backwards', () => {
    const bucket = new CostBucket(10);
    bucket.begin()(10_000, 5_000, status);
    expect(bucket.waitMs(10_000)).toBe(10_000);
    expect(bucket.waitMs(0)).toBe(10_000);
    expect(msToRestore(5, 0)).toBe(1_000);
  });
});

describe('Retry-After', () => {
  it.each([['2.0', 2_000], ['0', 0], ['0.25', 250], ['', 7], [undefined, 7], ['soon', 7], ['1e9', 3_600_000], ['-5', 0], ['Fri, 20 Nov 2026 10:00:05 GMT', 5_000], ['Fri, 20 Nov 2026 09:00:00 GMT', 0]])('%j means %d ms', (header, ms) => {
    expect(retryAfterMs(header, Date.parse('2026-11-20T10:00:00Z'), 7)).toBe(ms);
  });
});
