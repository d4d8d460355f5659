import { describe, expect, it } from 'vitest';
import { dayScript } from './day-script.js';
import type { Happening } from '../trading-script.js';

const OPTIONS = { seed: 7, orders: 2_000, items: 200, wallMs: 30_000 };
const HOUR_MS = 3_600_000;
const hourOf = (event: Happening): number => Math.floor((event.at % (24 * HOUR_MS)) / HOUR_MS);

describe('a generated trading day', () => {
  const day = dayScript(OPTIONS);
  const orders = day.happenings.filter((event) => event.kind === 'order');

  it('is the same for the same seed and another for the next one', () => {
    expect(dayScript(OPTIONS)).toEqual(day);
    expect(dayScript({ ...OPTIONS, seed: 8 }).happenings).not.toEqual(day.happenings);
  });

  it('has as many orders as asked for, sorted in time, with names of their own', () => {
    expect(orders).toHaveLength(2_000);
    expect(new Set(orders.map((order) => order.order)).size).toBe(2_000);
    expect(day.happenings.every((event, index) => index === 0 || (day.happenings[index - 1] as Happening).at <= event.at)).toBe(true);
  });

  it('sells most of its units with few of its items', () => {
    const units = new Map<string, number>();
    for (const order of orders) for (const line of order.lines) units.set(line.item, (units.get(line.item) ?? 0) + line.quantity);
    const sorted = [...units.values()].sort((a, b) => b - a);
    const all = sorted.reduce((sum, count) => sum + count, 0);
    expect(sorted.slice(0, 20).reduce((sum, count) => sum + count, 0) / all).toBeGreaterThan(0.4);
  });

  it('is busier at lunch and in the evening than in the afternoon', () => {
    const online = orders.filter((order) => order.system !== 'tills' && order.order.startsWith('day'));
    const inHour = (hour: number): number => online.filter((order) => hourOf(order) === hour).length;
    expect(inHour(12)).toBeGreaterThan(inHour(15) * 1.3);
    expect(inHour(20)).toBeGreaterThan(inHour(15) * 1.5);
  });

  it('has more wishes than units in its flash sale', () => {
    const hot = orders.filter((order) => order.order.startsWith('flash'));
    const items = new Set(hot.map((order) => order.lines[0]?.item));
    const before = orders.filter((order) => order.at < (hot[0]?.at ?? 0) && order.location === 'warehouse').flatMap((order) => order.lines);
    const left = [...items].reduce((sum, item) => {
      const opened = day.opening.find((entry) => entry.item === item && entry.location === 'warehouse')?.quantity ?? 0;
      return sum + opened - before.filter((line) => line.item === item).reduce((units, line) => units + line.quantity, 0);
    }, 0);
    expect(hot.length).toBeGreaterThan(left * 1.5);
  });

  it('has cancellations, returns of both kinds, lorries, adjustments and counts', () => {
    const kinds = new Set(day.happenings.map((event) => event.kind));
    expect(kinds).toEqual(new Set(['order', 'cancel', 'return', 'receipt', 'adjustment', 'count']));
    const returns = day.happenings.filter((event) => event.kind === 'return');
    expect(returns.some((event) => event.order === undefined)).toBe(true);
    expect(returns.some((event) => event.order !== undefined)).toBe(true);
  });

  it('moves at least one unit in every line, in whatever day', () => {
    for (let seed = 0; seed < 30; seed += 1) {
      const made = dayScript({ ...OPTIONS, orders: 400, seed });
      const lines = made.happenings.flatMap((event) => ('lines' in event ? event.lines : []));
      expect([...lines, ...made.opening].every((line) => Number.isInteger(line.quantity) && line.quantity > 0)).toBe(true);
    }
  });

  it('cancels and takes back only what was ordered before', () => {
    const ordered = new Map(orders.map((order) => [order.order, order.at]));
    for (const event of day.happenings) {
      if ((event.kind === 'cancel' || event.kind === 'return') && event.order !== undefined) expect(ordered.get(event.order)).toBeLessThan(event.at);
    }
  });
});
