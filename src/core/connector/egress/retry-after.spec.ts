import { describe, expect, it } from 'vitest';
import { retryAfterMs, WaitList } from './retry-after.js';

const NOW = Date.parse('2026-11-23T12:00:00Z');

describe('Retry-After', () => {
  it.each([['2', 2_000], ['2.0', 2_000], ['0.25', 250], ['0', 0], [' 7 ', 7_000], ['Mon, 23 Nov 2026 12:00:30 GMT', 30_000], ['Mon, 23 Nov 2026 11:00:00 GMT', 0], ['999999', 600_000]])('%j asks for %d ms', (value, expected) => {
    expect(retryAfterMs(value, NOW)).toBe(expected);
  });

  it.each([undefined, '', 'soon', '-5x', '1e9999x'])('%j asks for nothing', (value) => {
    expect(retryAfterMs(value, NOW)).toBeUndefined();
  });

  it('is remembered until it is over, and the longest wins', () => {
    const waits = new WaitList();
    waits.note('a', 5_000, NOW);
    waits.note('a', 1_000, NOW);
    expect([waits.left('a', NOW + 1_000), waits.left('b', NOW), waits.left('a', NOW + 5_000), waits.left('a', NOW)]).toEqual([4_000, 0, 0, 0]);
  });
});
