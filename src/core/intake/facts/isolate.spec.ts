import { describe, expect, it } from 'vitest';
import { isolate } from './isolate.js';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

async function run(count: number, bad: readonly number[], blames = true): Promise<{ failed: number[]; calls: number; ok: number }> {
  let calls = 0;
  const results = await isolate(numbers(count), (part) => {
    calls += 1;
    return part.some((entry) => bad.includes(entry)) ? Promise.reject(new Error('poison')) : Promise.resolve(part.map((entry) => entry * 10));
  }, () => blames);
  results.forEach((result, index) => result.kind === 'ok' && expect(result.value).toBe(index * 10));
  return { failed: results.flatMap((result, index) => (result.kind === 'failed' ? [index] : [])), calls, ok: results.filter((result) => result.kind === 'ok').length };
}

describe('finding who spoils a batch', () => {
  it('costs one call when nobody does', async () => {
    expect(await run(500, [])).toEqual({ failed: [], calls: 1, ok: 500 });
  });

  it('finds the one bad entry in few calls, wherever it stands', async () => {
    for (const bad of [0, 250, 499]) {
      const { failed, calls, ok } = await run(500, [bad]);
      expect(failed).toEqual([bad]);
      expect(ok).toBe(499);
      expect(calls).toBeLessThanOrEqual(20);
    }
  });

  it('finds several', async () => {
    expect((await run(64, [10, 11, 12, 40])).failed).toEqual([10, 11, 12, 40]);
  });

  it('is not misled when the first ones of a batch are the bad ones', async () => {
    expect((await run(500, [0, 1, 2, 3])).failed).toEqual([0, 1, 2, 3]);
  });

  it('blames nobody when everybody fails', async () => {
    await expect(run(500, numbers(500))).rejects.toThrow('poison');
  });

  it('blames nobody for an error that speaks of no entry', async () => {
    await expect(run(500, [3], false)).rejects.toThrow('poison');
  });

  it('blames the only entries that there are', async () => {
    expect((await run(2, [0, 1])).failed).toEqual([0, 1]);
  });
});
