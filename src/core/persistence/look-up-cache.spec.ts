import { describe, expect, it } from 'vitest';
import { LookUpCache } from './look-up-cache.js';

/** A table that counts how often it is asked, for what. */
class Table {
  readonly asked: string[][] = [];
  readonly rows = new Map<string, string>();

  readonly load = async (keys: string[]): Promise<Map<string, string>> => {
    this.asked.push(keys);
    return new Map(keys.flatMap((key) => (this.rows.has(key) ? [[key, this.rows.get(key) as string]] : [])));
  };
}

describe('LookUpCache', () => {
  it('asks once for what exists, and again for what does not', async () => {
    const table = new Table();
    table.rows.set('a', '1');
    const cache = new LookUpCache<string, string>(10);
    expect(await cache.get(['a', 'a', 'b'], table.load)).toEqual(new Map([['a', '1']]));
    expect(await cache.get(['a'], table.load)).toEqual(new Map([['a', '1']]));
    table.rows.set('b', '2');
    expect(await cache.get(['a', 'b'], table.load)).toEqual(new Map([['a', '1'], ['b', '2']]));
    expect(table.asked).toEqual([['a', 'b'], ['b']]);
  });

  it('looks at the revision once a second, and forgets when it has grown', async () => {
    const table = new Table();
    table.rows.set('a', 'old');
    let revision = 1;
    let reads = 0;
    let now = 0;
    const cache = new LookUpCache<string, string>(10, async () => (reads += 1, revision), () => now);
    await cache.get(['a'], table.load);
    table.rows.set('a', 'new');
    revision = 2;
    now = 999;
    expect(await cache.get(['a'], table.load)).toEqual(new Map([['a', 'old']]));
    expect(reads).toBe(1);
    now = 1_000;
    expect(await cache.get(['a'], table.load)).toEqual(new Map([['a', 'new']]));
    now = 2_000;
    await cache.get(['a'], table.load);
    expect([reads, table.asked.length]).toEqual([3, 2]);
  });

  it('does not remember an answer that was read before it was told to forget', async () => {
    const table = new Table();
    table.rows.set('a', 'old');
    const cache = new LookUpCache<string, string>(10);
    const slow = cache.get(['a'], async (keys) => {
      const answer = await table.load(keys);
      table.rows.set('a', 'new');
      cache.forget();
      return answer;
    });
    expect(await slow).toEqual(new Map([['a', 'old']]));
    expect(await cache.get(['a'], table.load)).toEqual(new Map([['a', 'new']]));
  });

  it('lets many callers share one look at the revision', async () => {
    let reads = 0;
    const cache = new LookUpCache<string, string>(10, async () => (reads += 1));
    await Promise.all(Array.from({ length: 20 }, () => cache.get(['a'], async () => new Map())));
    expect(reads).toBe(1);
  });

  it('tries the revision again after it could not be read', async () => {
    let broken = true;
    const cache = new LookUpCache<string, string>(10, async () => {
      if (broken) throw new Error('no database');
      return 1;
    });
    await expect(cache.get(['a'], async () => new Map())).rejects.toThrow('no database');
    broken = false;
    expect(await cache.get(['a'], async () => new Map([['a', '1']]))).toEqual(new Map([['a', '1']]));
  });
});
