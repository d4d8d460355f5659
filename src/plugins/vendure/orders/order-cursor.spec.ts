import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCursor } from './feed-cursor.js';
import { advance, type OrderCursor, orderCursorOf, OVERLAP_MS, queryOf, type Row, startAt } from './order-cursor.js';

const T0 = Date.parse('2026-11-25T12:00:00Z');
const at = (ms: number): string => new Date(T0 + ms).toISOString();

/** A table of orders that is asked as Vendure is asked. Times may count microseconds; answers are cut to milliseconds. */
class Table {
  readonly changedAtUs = new Map<string, number>();

  page(cursor: OrderCursor, limit: number, nowMs: number) {
    const { after, skip, take } = queryOf(cursor, limit);
    const afterUs = (Date.parse(after) - T0) * 1_000;
    const rows = [...this.changedAtUs].filter(([, us]) => us > afterUs).sort(([a, x], [b, y]) => x - y || Number(a) - Number(b));
    const found = rows.slice(skip, skip + take).map(([id, us]): Row => ({ id, time: at(Math.floor(us / 1_000)) }));
    return advance(cursor, found, limit, found.length >= take, nowMs);
  }
}

function readAll(table: Table, from: OrderCursor, limit: number, nowMs: number): { ids: string[]; cursor: OrderCursor } {
  const ids: string[] = [];
  for (let cursor = from, pages = 0; ; pages += 1) {
    if (pages > 500) throw new Error('the feed does not end');
    const next = table.page(orderCursorOf(JSON.parse(JSON.stringify(cursor))) ?? cursor, limit, nowMs);
    expect(next.page.length).toBeLessThanOrEqual(limit);
    ids.push(...next.page.map(({ id }) => id));
    cursor = next.cursor;
    if (!next.hasMore) return { ids, cursor };
  }
}

describe('the cursor over orders', () => {
  it('gives each of any number of equal times once, at any page size', () => {
    for (const [count, limit] of [[100, 1], [100, 7], [61, 20], [300, 100]] as const) {
      const table = new Table();
      for (let id = 1; id <= count; id += 1) table.changedAtUs.set(String(id), Math.floor(id / 90) * 1_000_000);
      const { ids } = readAll(table, startAt(at(0), T0), limit, T0);
      expect([new Set(ids).size, ids.length]).toEqual([count, count]);
    }
  });

  it('reads the latest minute anew until it is quiet, and then only what is new', () => {
    const table = new Table();
    table.changedAtUs.set('1', 5_000_000);
    const first = readAll(table, startAt(at(0), T0), 10, T0 + 6_000);
    expect(first.ids).toEqual(['1']);
    table.changedAtUs.set('2', 4_000_000);
    const second = readAll(table, first.cursor, 10, T0 + 7_000);
    expect(second.ids).toEqual(['2', '1']);
    const minuteLater = T0 + 7_000 + OVERLAP_MS;
    const quiet = readAll(table, second.cursor, 10, minuteLater);
    expect(quiet.ids).toEqual(['2', '1']);
    const idle = readAll(table, quiet.cursor, 10, minuteLater + 5_000);
    expect([readAll(table, idle.cursor, 10, minuteLater + 10_000).ids, readAll(table, idle.cursor, 10, minuteLater + 15_000).ids]).toEqual([[], []]);
    table.changedAtUs.set('3', 70_000_000);
    expect(readAll(table, idle.cursor, 10, minuteLater + 20_000).ids).toEqual(['3']);
  });

  it('ends, though more changed in one millisecond than a page holds', () => {
    const table = new Table();
    for (let id = 1; id <= 200; id += 1) table.changedAtUs.set(String(id), 1_000_000 + id);
    expect(new Set(readAll(table, startAt(at(0), T0), 5, T0).ids).size).toBe(200);
  });

  it('loses no change, whatever changes between pages and however late it is committed', () => {
    const commit = fc.record({ order: fc.integer({ min: 1, max: 12 }), lateMs: fc.integer({ min: 0, max: OVERLAP_MS - 1_000 }), us: fc.nat(3) });
    const turn = fc.record({ waitMs: fc.oneof(fc.nat(5), fc.nat(30_000)), commits: fc.array(commit, { maxLength: 6 }), limit: fc.integer({ min: 1, max: 6 }) });
    fc.assert(fc.property(fc.array(turn, { maxLength: 25 }), (turns) => {
      const table = new Table();
      const wanted = new Set<string>();
      let nowMs = T0;
      let cursor = startAt(at(-OVERLAP_MS), T0);
      const look = (limit: number) => {
        const next = table.page(cursor, limit, nowMs);
        for (const { id } of next.page) wanted.delete(`${id}@${String(table.changedAtUs.get(id))}`);
        cursor = next.cursor;
        return next.hasMore;
      };
      for (const { waitMs, commits, limit } of turns) {
        nowMs += waitMs;
        for (const { order, lateMs, us } of commits) {
          const stamp = (nowMs - T0 - lateMs) * 1_000 + us;
          const before = table.changedAtUs.get(String(order));
          // A row is written by one transaction at a time, so its stamps rise.
          if (before !== undefined && before >= stamp) continue;
          wanted.delete(`${order}@${String(before)}`);
          table.changedAtUs.set(String(order), stamp);
          wanted.add(`${order}@${stamp}`);
        }
        look(limit);
      }
      for (let pages = 0; look(3); pages += 1) expect(pages).toBeLessThan(500);
      for (let pages = 0; look(3); pages += 1) expect(pages).toBeLessThan(500);
      expect([...wanted]).toEqual([]);
    }), { numRuns: 2_000 });
  });

  it('is refused when it is none of these', () => {
    const whole = startAt(at(0), T0);
    for (const value of [null, [], {}, { ...whole, at: 'x' }, { ...whole, given: -1 }, { ...whole, again: undefined }]) expect(orderCursorOf(value)).toBeUndefined();
    const feed = { turn: 'placed', placed: whole, changed: whole, recent: [] };
    expect(readCursor(JSON.stringify(feed))).toEqual(feed);
    for (const text of ['', '{', 'null', JSON.stringify({ ...feed, turn: 'x' }), JSON.stringify({ ...feed, placed: {} })]) expect(() => readCursor(text)).toThrow(/cursor/);
  });
});
