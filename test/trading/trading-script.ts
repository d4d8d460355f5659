import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../lab/simulators/kit/random.js';
import { isGoods, readUciRows, type UciRow } from '../../lab/replay/uci/uci-rows.js';

export interface TradedLine {
  readonly sku: string;
  readonly quantity: number;
}

/** What customers of the web shop do, one after the other. */
export type Trade =
  | { readonly kind: 'order'; readonly lines: readonly TradedLine[] }
  /** Units of an earlier order are cancelled, shipped or not. */
  | { readonly kind: 'cancel'; readonly line: TradedLine };

export interface TradingScript {
  readonly source: string;
  readonly trades: readonly Trade[];
  /** What the warehouse must hold for all of it. */
  readonly opening: ReadonlyMap<string, number>;
}

export interface ScriptWish {
  /** Orders at most. */
  readonly orders: number;
  /** Lines of an order at most; real orders of this trade have hundreds. */
  readonly linesPerOrder: number;
  /** Days of the real file, from its first. */
  readonly days: number;
}

const DAY_MS = 86_400_000;
/** The shop's own limit of units in one order. */
const MOST_UNITS = 999;

/** The first days of the UCI Online Retail file where it is at hand, else a generated day. */
export async function tradingScript(wish: ScriptWish): Promise<TradingScript> {
  const folder = join(process.env['CROSSDOCK_REAL_DATA'] ?? '/nonexistent', 'data/uci-online-retail');
  const file = existsSync(folder) ? readdirSync(folder).find((name) => name.endsWith('.csv')) : undefined;
  const trades = file === undefined ? generated(wish) : await fromFile(join(folder, file), wish);
  return { source: file === undefined ? 'a generated day' : `the UCI Online Retail file, ${wish.days} days`, trades, opening: openingFor(trades) };
}

async function fromFile(path: string, { orders, linesPerOrder, days }: ScriptWish): Promise<Trade[]> {
  const trades: Trade[] = [];
  let until = Number.POSITIVE_INFINITY;
  let rows: UciRow[] = [];
  let count = 0;
  const close = (): void => {
    const made = tradesOf(rows, linesPerOrder);
    if (made[0]?.kind === 'order') count += 1;
    trades.push(...made);
    rows = [];
  };
  for await (const row of readUciRows(path)) {
    if (until === Number.POSITIVE_INFINITY) until = row.at - (row.at % DAY_MS) + days * DAY_MS;
    if (row.at >= until || count >= orders) break;
    if (rows[0] && rows[0].invoice !== row.invoice) close();
    rows.push(row);
  }
  if (count < orders) close();
  return trades;
}

/** An invoice is an order; one that begins with C takes back what its first line says. Other negative rows are the shop's own corrections and no trade. */
function tradesOf(rows: readonly UciRow[], most: number): Trade[] {
  const goods = rows.filter((row) => isGoods(row.code));
  const [first] = goods;
  if (!first) return [];
  if (first.invoice.startsWith('C')) return [{ kind: 'cancel', line: { sku: first.code, quantity: Math.abs(first.quantity) } }];
  const units = new Map<string, number>();
  for (const row of goods) if (row.quantity > 0 && (units.size < most || units.has(row.code))) units.set(row.code, (units.get(row.code) ?? 0) + row.quantity);
  return checkouts([...units].map(([sku, quantity]) => ({ sku, quantity })));
}

/** A wholesaler's invoice has thousands of units; the shop takes 999 in one order, so he checks out several times. */
function checkouts(lines: readonly TradedLine[]): Trade[] {
  const orders: TradedLine[][] = [];
  let room = 0;
  for (const { sku, quantity } of lines) {
    for (let left = quantity; left > 0; ) {
      // A line is not torn apart for the sake of a full basket.
      if (room < Math.min(left, MOST_UNITS)) {
        orders.push([]);
        room = MOST_UNITS;
      }
      const units = Math.min(left, room);
      orders.at(-1)?.push({ sku, quantity: units });
      left -= units;
      room -= units;
    }
  }
  return orders.map((of) => ({ kind: 'order', lines: of }));
}

function generated({ orders, linesPerOrder }: ScriptWish): Trade[] {
  const random = Random.of(7, 1);
  const line = (): TradedLine => ({ sku: `SKU-${random.between(1, 40)}`, quantity: random.between(1, 6) });
  return Array.from({ length: orders }, (_, index): Trade => {
    if (index % 6 === 5) return { kind: 'cancel', line: line() };
    const units = new Map(Array.from({ length: random.between(1, Math.min(5, linesPerOrder)) }, line).map(({ sku, quantity }) => [sku, quantity]));
    return { kind: 'order', lines: [...units].map(([sku, quantity]) => ({ sku, quantity })) };
  });
}

/** Half as much again as is ever sold: the shop must never refuse for want of stock, or runs would differ by their pace. */
function openingFor(trades: readonly Trade[]): Map<string, number> {
  const sold = new Map<string, number>();
  for (const trade of trades) if (trade.kind === 'order') for (const { sku, quantity } of trade.lines) sold.set(sku, (sold.get(sku) ?? 0) + quantity);
  return new Map([...sold].map(([sku, units]) => [sku, Math.ceil(units * 1.5) + 10]));
}
