import type { OrderLine } from '../../outside-system.js';
import { stableHash } from '../random.js';
import { LOCATIONS, WAREHOUSE, type Happening, type Oddity, type SystemName, type TradingScript } from '../trading-script.js';
import { deriveStock } from './uci-stock.js';
import { isGoods, readUciRows, type UciRow } from './uci-rows.js';

/** Out of 100 customers, so many buy on each channel; the hash keeps a customer on one channel for ever. */
const CHANNEL_SHARES: readonly (readonly [SystemName, number])[] = [['shop', 40], ['marketplace-a', 25], ['marketplace-b', 15], ['app', 20]];

/** How many customers' sold units of an item, per order, may still come back. */
interface SoldLine {
  readonly order: string;
  left: number;
}

export function channelOfCustomer(customer: string): SystemName {
  if (customer === '') return 'tills';
  let rest = stableHash(customer) % 100;
  for (const [system, share] of CHANNEL_SHARES) {
    if (rest < share) return system;
    rest -= share;
  }
  return 'shop';
}

/** The tills stand in every location; which one rang up an invoice is a hash of its number. */
function locationOf(system: SystemName, invoice: string): string {
  return system === 'tills' ? (LOCATIONS[stableHash(invoice) % LOCATIONS.length]?.id ?? WAREHOUSE) : WAREHOUSE;
}

/** Turns rows into a trading script by documented rules (docs/demo.md) and counts what each rule touched. */
class UciReader {
  readonly happenings: Happening[] = [];
  private readonly spellings = new Map<string, Set<string>>();
  private readonly names = new Map<string, string>();
  private readonly sold = new Map<string, SoldLine[]>();
  private readonly counts = { rows: 0, noCustomer: 0, leftOut: 0, returns: 0, flagged: 0, adjustments: 0, sameItemTwice: 0, timesDiffer: 0, zero: 0 };

  takeInvoice(rows: readonly UciRow[]): void {
    const goods = rows.filter((row) => isGoods(row.code) && row.quantity !== 0);
    this.counts.rows += rows.length;
    this.counts.zero += rows.filter((row) => row.quantity === 0).length;
    this.counts.noCustomer += rows.filter((row) => row.customer === '').length;
    this.counts.leftOut += rows.filter((row) => !isGoods(row.code)).length;
    if (new Set(rows.map((row) => row.at)).size > 1) this.counts.timesDiffer += 1;
    for (const row of goods) this.meet(row);
    const [first] = goods;
    if (!first) return;
    if (first.invoice.startsWith('C')) this.takeReturn(first, goods);
    else this.takeSale(first, goods);
  }

  private meet(row: UciRow): void {
    const spellings = this.spellings.get(row.code) ?? new Set<string>();
    this.spellings.set(row.code, spellings.add(row.codeAsWritten));
    if (!this.names.get(row.code)) this.names.set(row.code, row.description);
  }

  private takeSale(first: UciRow, goods: readonly UciRow[]): void {
    const system = channelOfCustomer(first.customer);
    const location = locationOf(system, first.invoice);
    const lines = goods.filter((row) => row.quantity > 0).map((row, index): OrderLine => ({ line: String(index + 1), item: row.code, quantity: row.quantity }));
    this.counts.sameItemTwice += lines.length - new Set(lines.map((line) => line.item)).size;
    if (lines.length > 0) {
      this.happenings.push({ kind: 'order', at: first.at, order: first.invoice, system, location, lines });
      for (const line of lines) this.remember(first.customer, line, first.invoice);
    }
    goods.filter((row) => row.quantity < 0).forEach((row, index) => {
      this.counts.adjustments += 1;
      this.happenings.push({ kind: 'adjustment', at: row.at, id: `${row.invoice}-${index + 1}`, location, item: row.code, quantity: row.quantity });
    });
  }

  private remember(customer: string, line: OrderLine, order: string): void {
    if (customer === '') return;
    const key = `${customer}/${line.item}`;
    const lines = this.sold.get(key) ?? [];
    lines.push({ order, left: line.quantity });
    this.sold.set(key, lines);
  }

  /** A return is matched with the customer's newest sale of the item that has enough left; else it is taken back and flagged. */
  private takeReturn(first: UciRow, goods: readonly UciRow[]): void {
    const system = channelOfCustomer(first.customer);
    const byOrder = new Map<string | undefined, OrderLine[]>();
    goods.forEach((row, index) => {
      const quantity = Math.abs(row.quantity);
      const sale = this.sold.get(`${row.customer}/${row.code}`)?.findLast((line) => line.left >= quantity);
      if (sale) sale.left -= quantity;
      else this.counts.flagged += 1;
      const lines = byOrder.get(sale?.order) ?? [];
      lines.push({ line: String(index + 1), item: row.code, quantity });
      byOrder.set(sale?.order, lines);
    });
    this.counts.returns += goods.length;
    let part = 0;
    for (const [order, lines] of byOrder) {
      part += 1;
      const id = part === 1 ? first.invoice : `${first.invoice}-${part}`;
      this.happenings.push({ kind: 'return', at: first.at, id, system, order, location: locationOf(system, first.invoice), lines });
    }
  }

  items(): { id: string; name: string }[] {
    return [...this.names].map(([id, name]) => ({ id, name: name || id }));
  }

  oddities(): Oddity[] {
    const twoSpellings = [...this.spellings.values()].filter((spellings) => spellings.size > 1).length;
    return [
      { rule: 'rows read', count: this.counts.rows },
      { rule: 'rows without a customer: sold at the tills', count: this.counts.noCustomer },
      { rule: 'rows with a code that is no goods (postage, fees, vouchers ...): left out', count: this.counts.leftOut },
      { rule: 'rows of C invoices: returns', count: this.counts.returns },
      { rule: '  of these without an earlier sale in the file: accepted and flagged', count: this.counts.flagged },
      { rule: 'negative rows that are no returns: adjustments', count: this.counts.adjustments },
      { rule: 'the same item again on one invoice: a line of its own', count: this.counts.sameItemTwice },
      { rule: 'item codes that differ only in case: one item', count: twoSpellings },
      { rule: 'invoices whose rows bear two times: the first counts', count: this.counts.timesDiffer },
      { rule: 'rows of zero units: left out', count: this.counts.zero },
    ];
  }
}

/**
 * Reads the UCI Online Retail file into a trading script. Opening stock and replenishment, which the file lacks, are derived.
 * @param most only the first so many rows.
 */
export async function uciScript(path: string, most?: number): Promise<TradingScript> {
  const reader = new UciReader();
  const invoices = new Map<string, UciRow[]>();
  for await (const row of readUciRows(path, most)) {
    const rows = invoices.get(row.invoice) ?? [];
    invoices.set(row.invoice, rows);
    rows.push(row);
  }
  for (const rows of [...invoices.values()].sort((a, b) => (a[0] as UciRow).at - (b[0] as UciRow).at)) reader.takeInvoice(rows);
  const stock = deriveStock(reader.happenings);
  return {
    title: 'UCI Online Retail',
    items: reader.items(),
    opening: stock.opening,
    happenings: [...reader.happenings, ...stock.receipts].sort((a, b) => a.at - b.at),
    oddities: [
      ...reader.oddities(),
      { rule: 'shelves whose opening stock is derived: two weeks of demand and a reserve', count: stock.opening.length },
      { rule: 'night deliveries derived: up to two weeks of demand and a reserve', count: stock.receipts.length },
    ],
    pace: [],
  };
}
