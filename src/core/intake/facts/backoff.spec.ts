import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextPauseMs } from './backoff.js';

const limits = { baseMs: 200, capMs: 60_000 };

describe('the pause before another try', () => {
  it('lies between the base and three times the one before, and never above the cap', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (previous, random) => {
      const pause = nextPauseMs(previous, limits, random);
      expect(pause).toBeGreaterThanOrEqual(200);
      expect(pause).toBeLessThanOrEqual(Math.min(60_000, Math.max(200, previous * 3)));
    }));
  });

  it('grows while tries fail', () => {
    let pause = 0;
    for (let attempt = 0; attempt < 12; attempt += 1) pause = nextPauseMs(pause, limits, 0.9);
    expect(pause).toBe(60_000);
  });

  it('differs between two that failed at the same moment', () => {
    expect(nextPauseMs(1_000, limits, 0.2)).not.toBe(nextPauseMs(1_000, limits, 0.7));
  });
});
