import { describe, expect, it } from 'vitest';
import { Random, seedFrom } from './random.js';

describe('the seeded generator', () => {
  it('gives the same stream for one seed, and another for another', () => {
    const draw = (random: Random): number[] => Array.from({ length: 20 }, () => random.next());
    expect(draw(new Random(5))).toEqual(draw(new Random(5)));
    expect(draw(new Random(5))).not.toEqual(draw(new Random(6)));
  });

  it('spreads evenly, for neighbours of a series too', () => {
    const first = Array.from({ length: 20_000 }, (_, index) => Random.of(1, index).next());
    const tenths = new Map<number, number>();
    for (const value of first) tenths.set(Math.floor(value * 10), (tenths.get(Math.floor(value * 10)) ?? 0) + 1);
    expect(tenths.size).toBe(10);
    for (const count of tenths.values()) expect(Math.abs(count - 2_000)).toBeLessThan(250);
    const rising = first.filter((value, index) => index > 0 && value > (first[index - 1] as number)).length;
    expect(Math.abs(rising - 10_000)).toBeLessThan(300);
  });

  it('draws both ends, keeps every element when it shuffles, and makes version 4 UUIDs', () => {
    const random = new Random(2);
    expect(new Set(Array.from({ length: 200 }, () => random.between(3, 5)))).toEqual(new Set([3, 4, 5]));
    const list = Array.from({ length: 50 }, (_, index) => index);
    const shuffled = random.shuffle([...list]);
    expect(shuffled).not.toEqual(list);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(list);
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
    expect(seedFrom(1, 'shop')).not.toBe(seedFrom(1, 'shoq'));
  });
});
