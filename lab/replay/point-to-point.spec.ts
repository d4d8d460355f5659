import { describe, expect, it } from 'vitest';
import { dayScript } from './day/day-script.js';
import { playPointToPoint } from './point-to-point.js';
import { CHANNEL_PLANS } from './retailer.js';
import type { Happening, SystemName, TradingScript } from './trading-script.js';

const NINE = Date.UTC(2026, 10, 20, 9);
const MINUTE_MS = 60_000;

function order(minute: number, name: string, system: SystemName, quantity = 1): Happening {
  return { kind: 'order', at: NINE + minute * MINUTE_MS, order: name, system, location: 'warehouse', lines: [{ line: '1', item: 'MUG', quantity }] };
}

function script(stock: number, ...happenings: Happening[]): TradingScript {
  return { title: 'test', items: [{ id: 'MUG', name: 'Mug' }], opening: [{ location: 'warehouse', item: 'MUG', quantity: stock }], happenings, oddities: [], pace: [] };
}

const play = (made: TradingScript) => playPointToPoint(made, CHANNEL_PLANS, 1);

describe('the point-to-point day', () => {
  it('oversells what two channels sell between two jobs', async () => {
    const result = await play(script(1, order(1, 'a', 'shop'), order(2, 'b', 'marketplace-a')));
    expect(Object.fromEntries(result.oversoldUnits)).toMatchObject({ shop: 0, 'marketplace-a': 1 });
    expect(result.cancellationsOwed).toBe(1);
  });

  it('refuses the second customer when a job ran in between', async () => {
    const result = await play(script(1, order(1, 'a', 'shop'), order(16, 'b', 'marketplace-a')));
    expect(result.cancellationsOwed).toBe(0);
    expect(result.ordersRefused).toBe(1);
  });

  it('owes nothing for an order that its customer cancels', async () => {
    const result = await play(script(1, order(1, 'a', 'shop'), order(2, 'b', 'marketplace-a'), { kind: 'cancel', at: NINE + 3 * MINUTE_MS, order: 'b', system: 'marketplace-a' }));
    expect(result.cancellationsOwed).toBe(0);
  });

  it('knows of a sale only with the next job', async () => {
    const result = await play(script(5, order(5, 'a', 'shop'), order(40, 'b', 'shop')));
    expect(result.stalenessMs).toEqual([10 * MINUTE_MS]);
  });

  it('oversells on a generated day, and less often with a job every minute', async () => {
    const day = dayScript({ seed: 3, orders: 1_500, items: 150, wallMs: 10_000 });
    const sum = (result: Awaited<ReturnType<typeof play>>): number => [...result.oversoldUnits.values()].reduce((all, units) => all + units, 0);
    const quarterly = await playPointToPoint(day, CHANNEL_PLANS, 3);
    const everyMinute = await playPointToPoint(day, CHANNEL_PLANS, 3, MINUTE_MS);
    expect(sum(quarterly)).toBeGreaterThan(20);
    expect(sum(everyMinute)).toBeLessThan(sum(quarterly) / 2);
  });
});
