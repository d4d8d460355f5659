import { expect, it } from 'vitest';
import { Attempts } from './attempts.js';

function limited(most: number): { attempts: Attempts; clock: { now: number }; tries: (key: string, count: number) => number } {
  const clock = { now: 0 };
  const attempts = new Attempts(most, 1_000, () => clock.now);
  const tries = (key: string, count: number): number => Array.from({ length: count }, () => {
    try {
      attempts.begin(key);
      return 1;
    } catch {
      return 0 as number;
    }
  }).reduce((sum, one) => sum + one, 0);
  return { attempts, clock, tries };
}

it('lets through as many failures as it was told, then says how long to wait', () => {
  const { attempts, clock, tries } = limited(3);
  expect(tries('a', 5)).toBe(3);
  expect(tries('b', 1)).toBe(1);
  clock.now = 400;
  expect(() => attempts.begin('a')).toThrow(expect.objectContaining({ code: 'TOO_MANY_ATTEMPTS', details: { retryAfterSeconds: 0.6 } }));
  clock.now = 1_000;
  expect(tries('a', 5)).toBe(3);
});

it('counts a try that was taken back as none, and forgets everything when cleared', () => {
  const { attempts, tries } = limited(3);
  tries('a', 2);
  attempts.begin('a');
  attempts.takeBack('a');
  expect(tries('a', 2)).toBe(1);
  attempts.clear('a');
  expect(tries('a', 5)).toBe(3);
});

it('holds a bounded number of keys, the oldest leaving first', () => {
  const { tries } = limited(1);
  tries('first', 1);
  for (let index = 0; index < 10_000; index += 1) tries(`key ${index}`, 1);
  expect(tries('first', 1)).toBe(1);
  expect(tries('key 9999', 1)).toBe(0);
});
