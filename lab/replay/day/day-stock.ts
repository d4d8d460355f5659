import type { OrderLine } from '../../outside-system.js';
import type { Random } from '../../simulators/kit/random.js';
import { WAREHOUSE, type Happening, type OpeningStock } from '../trading-script.js';

const HOUR_MS = 3_600_000;

interface Shortfall {
  readonly location: string;
  readonly item: string;
  readonly quantity: number;
}

/**
 * What is on the shelves in the morning: what a buyer who knows the day roughly would have put there. Some items run short
 * (a seventh of the popular, a third of the slow ones), and half of those are filled up at noon.
 */
export function deriveOpening(
  random: Random,
  orders: readonly Extract<Happening, { kind: 'order' }>[],
  flashStock: ReadonlyMap<string, number>,
): { opening: OpeningStock[]; shortfall: Shortfall[] } {
  const demand = new Map<string, number>();
  for (const order of orders) for (const line of order.lines) demand.set(`${order.location}\n${line.item}`, (demand.get(`${order.location}\n${line.item}`) ?? 0) + line.quantity);
  for (const [item] of flashStock) demand.set(`${WAREHOUSE}\n${item}`, demand.get(`${WAREHOUSE}\n${item}`) ?? 0);
  const opening: OpeningStock[] = [];
  const shortfall: Shortfall[] = [];
  for (const [key, units] of demand) {
    const [location, item] = key.split('\n') as [string, string];
    const short = random.chance(units > 20 ? 1 / 7 : 1 / 3);
    const quantity = Math.ceil(units * (short ? 0.4 + random.next() * 0.5 : 1.15 + random.next() * 0.5)) + (location === WAREHOUSE ? (flashStock.get(item) ?? 0) : 0);
    if (quantity > 0) opening.push({ location, item, quantity });
    if (short && units > 0 && random.chance(0.5)) shortfall.push({ location, item, quantity: Math.ceil(units * 0.6) });
  }
  return { opening, shortfall };
}

/** A lorry at half past five, before anybody buys, and one at half past one for what runs short. */
export function middayReceipts(random: Random, shortfall: readonly Shortfall[], midnight: number): Happening[] {
  const receipts = new Map<string, { at: number; id: string; location: string; lines: OrderLine[] }>();
  for (const { location, item, quantity } of shortfall) {
    const night = random.chance(0.35);
    const id = `${night ? 'night' : 'noon'}-lorry-${location}`;
    const receipt = receipts.get(id) ?? { at: midnight + (night ? 5.5 : 13.5) * HOUR_MS, id, location, lines: [] };
    receipts.set(id, receipt);
    receipt.lines.push({ line: String(receipt.lines.length + 1), item, quantity });
  }
  return [...receipts.values()].map((receipt) => ({ kind: 'receipt', ...receipt }));
}
