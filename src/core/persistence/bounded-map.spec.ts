import { describe, expect, it } from 'vitest';
import { BoundedMap } from './bounded-map.js';

describe('BoundedMap', () => {
  it('never holds more than it may', () => {
    const map = new BoundedMap<number, number>(100);
    for (let key = 0; key < 10_000; key += 1) {
      map.set(key, key);
      expect(map.size).toBeLessThanOrEqual(100);
    }
    expect(map.get(9_999)).toBe(9_999);
    expect(map.get(0)).toBeUndefined();
  });

  it('keeps what is asked for again and again', () => {
    const map = new BoundedMap<string, string>(100);
    map.set('hot', 'still here');
    for (let key = 0; key < 10_000; key += 1) {
      map.set(String(key), 'cold');
      expect(map.get('hot')).toBe('still here');
    }
  });

  it('answers the newest value, and nothing once cleared', () => {
    const map = new BoundedMap<string, number>(4);
    map.set('a', 1);
    map.set('b', 1);
    map.set('a', 2);
    expect(map.get('a')).toBe(2);
    map.clear();
    expect([map.get('a'), map.size]).toEqual([undefined, 0]);
  });
});
