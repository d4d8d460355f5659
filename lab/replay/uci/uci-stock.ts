import type { OrderLine } from '../../outside-system.js';
import type { Happening, OpeningStock } from '../trading-script.js';

const DAY_MS = 86_400_000;
const COVER_DAYS = 14;
const REORDER_DAYS = 7;
const NIGHT_HOUR_MS = 5 * 3_600_000;

type Receipt = Extract<Happening, { kind: 'receipt' }>;

const midnight = (at: number): number => at - (at % DAY_MS);

/** Units wanted (sales, losses) of one item in one location, by day. */
type Demand = Map<number, number>;

function demandOf(happenings: readonly Happening[]): Map<string, Demand> {
  const all = new Map<string, Demand>();
  const add = (location: string, item: string, at: number, units: number): void => {
    const key = `${location}\n${item}`;
    const days = all.get(key) ?? new Map<number, number>();
    all.set(key, days.set(midnight(at), (days.get(midnight(at)) ?? 0) + units));
  };
  for (const event of happenings) {
    if (event.kind === 'order') for (const line of event.lines) add(event.location, line.item, event.at, line.quantity);
    else if (event.kind === 'adjustment' && event.quantity < 0) add(event.location, event.item, event.at, -event.quantity);
  }
  return all;
}

const unitsWithin = (demand: Demand, from: number, days: number): number => {
  let units = 0;
  for (let day = from; day < from + days * DAY_MS; day += DAY_MS) units += demand.get(day) ?? 0;
  return units;
};

/** Demand, a tenth more, and five units: no shelf is ever planned to the last piece. */
const withReserve = (units: number): number => Math.ceil(units * 1.1) + 5;

/**
 * The stock that the file does not tell of. Everything in it was sold, so it must have been there: each location opens
 * with the first two weeks' demand of each item and a reserve, and every night at five it is filled up to that of the
 * next two weeks wherever less than the next week's is left. Returns are not counted on. Deterministic: a function of
 * the file alone.
 */
export function deriveStock(happenings: readonly Happening[]): { opening: OpeningStock[]; receipts: Receipt[] } {
  const times = happenings.map((event) => midnight(event.at));
  const first = times.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY);
  const last = times.reduce((most, at) => Math.max(most, at), 0);
  const opening: OpeningStock[] = [];
  const nights = new Map<string, OrderLine[]>();
  for (const [key, demand] of demandOf(happenings)) {
    const [location, item] = key.split('\n') as [string, string];
    let stock = withReserve(unitsWithin(demand, first, COVER_DAYS));
    opening.push({ location, item, quantity: stock });
    for (let day = first + DAY_MS; day <= last; day += DAY_MS) {
      stock -= demand.get(day - DAY_MS) ?? 0;
      const wanted = withReserve(unitsWithin(demand, day, COVER_DAYS)) - stock;
      if (stock >= withReserve(unitsWithin(demand, day, REORDER_DAYS)) || wanted <= 0) continue;
      const night = `${location}\n${day}`;
      const lines = nights.get(night) ?? [];
      nights.set(night, lines);
      lines.push({ line: String(lines.length + 1), item, quantity: wanted });
      stock += wanted;
    }
  }
  const receipts = [...nights].map(([night, lines]): Receipt => {
    const [location, day] = night.split('\n') as [string, string];
    const at = Number(day) + NIGHT_HOUR_MS;
    return { kind: 'receipt', at, id: `night-${new Date(at).toISOString().slice(0, 10)}-${location}`, location, lines };
  });
  return { opening, receipts };
}
