import { describe, expect, it } from 'vitest';
import { Pace } from './pace.js';

describe('the pace of a replay', () => {
  const pace = new Pace([{ from: 1_000, speed: 10 }, { from: 2_000, speed: 1 }, { from: 2_500, speed: 100 }]);

  it('adds up the parts of the day, each at its own speed', () => {
    expect([500, 1_000, 1_500, 2_000, 2_250, 2_500, 12_500].map((at) => pace.wallMs(at))).toEqual([0, 0, 50, 100, 350, 600, 700]);
  });

  it('lets everything happen at once when it has no changes', () => {
    expect(new Pace([]).unbounded).toBe(true);
    expect(new Pace([]).wallMs(99)).toBe(0);
  });
});
