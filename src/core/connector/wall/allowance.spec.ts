import { describe, expect, it } from 'vitest';
import { Allowance } from './allowance.js';

describe('an allowance', () => {
  it('gives ten seconds\' worth at once, then so much a second, and never more than that is saved', () => {
    let now = 0;
    const allowance = new Allowance(5, () => now);
    const taken = (): number => {
      let count = 0;
      while (allowance.take(1)) count += 1;
      return count;
    };
    expect(taken()).toBe(50);
    now += 1_000;
    expect(taken()).toBe(5);
    now += 3_600_000;
    expect(taken()).toBe(50);
    expect(allowance.take(51)).toBe(false);
  });
});
