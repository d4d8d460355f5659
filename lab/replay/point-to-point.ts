import type { JournalFact, OrderLine } from '../outside-system.js';
import { makeRetailer, type ChannelPlan, type Retailer } from './retailer.js';
import { Shelves } from './shelves.js';
import { WAREHOUSE, type Happening, type SystemName, type TradingScript } from './trading-script.js';

/** The same day without a hub. Times are simulated milliseconds, which here are those of life. */
export interface PointToPointResult {
  readonly everyMs: number;
  readonly batches: number;
  readonly orders: number;
  readonly units: number;
  readonly ordersRefused: number;
  readonly oversoldUnits: ReadonlyMap<SystemName, number>;
  /** Orders that were accepted and cannot be filled whole: somebody must write to these customers. */
  readonly cancellationsOwed: number;
  /** From each sale at the warehouse to the figures of the other channels that know of it. */
  readonly stalenessMs: readonly number[];
}

const MINUTE_MS = 60_000;
const ONLINE: readonly SystemName[] = ['shop', 'marketplace-a', 'marketplace-b', 'app'];

/** What the staff keeps on paper and in the warehouse system: receipts and corrections, in the same shape as the others' journals. */
class Paper {
  readonly journal: JournalFact[] = [];

  enter(kind: JournalFact['kind'], location: string, item: string, quantity: number, occurredAt: number): void {
    this.journal.push({ eventId: `paper/${this.journal.length + 1}`, line: '', kind, item, location, quantity, occurredAt });
  }
}

/** Plays a script to systems that are connected by periodic batch jobs: every so often each channel gets the warehouse's stock of that moment. */
class PointToPointDay {
  private now = 0;
  private readonly retailer: Retailer;
  private readonly paper = new Paper();
  private readonly truth: Shelves;
  private readonly accepted = new Map<string, readonly OrderLine[]>();
  private readonly owed = new Set<string>();
  private readonly oversold = new Map<SystemName, number>(ONLINE.map((name) => [name, 0]));
  private readonly staleness: number[] = [];
  /** Items that anything happened to since the last job: the others' figures are right already. */
  private readonly touched: Set<string>;
  private counts = { batches: 0, orders: 0, units: 0, ordersRefused: 0 };
  private waiting: number[] = [];
  private nextBatch: number;

  constructor(
    private readonly script: TradingScript,
    private readonly channels: readonly ChannelPlan[],
    private readonly everyMs: number,
    seed: number,
  ) {
    const first = script.happenings[0]?.at ?? 0;
    this.nextBatch = first - (first % everyMs);
    this.now = this.nextBatch;
    this.retailer = makeRetailer({ items: script.items, seed, delivery: {}, now: () => this.now });
    this.touched = new Set(script.items.map((item) => item.id));
    this.truth = new Shelves([...Object.values(this.retailer.systems), this.paper], script.opening);
  }

  async play(): Promise<PointToPointResult> {
    for (const event of this.script.happenings) {
      while (this.nextBatch <= event.at) this.batch();
      this.now = event.at;
      await this.happen(event);
    }
    return { everyMs: this.everyMs, ...this.counts, oversoldUnits: this.oversold, cancellationsOwed: this.owed.size, stalenessMs: this.staleness };
  }

  /** The job is as good as such jobs get: it takes no time, misses nothing, and sees every sale up to its own moment. */
  private batch(): void {
    this.now = this.nextBatch;
    const stock = [...this.touched].map((item) => [item, this.truth.onHand(WAREHOUSE, item)] as const);
    this.touched.clear();
    for (const { system, rules } of this.channels) {
      if (system === 'tills') continue;
      this.retailer.systems[system].setFigures(new Map(stock.map(([item, units]) => [item, Math.max(0, units - rules.safetyStock - rules.threshold - rules.buffer)])));
    }
    for (const at of this.waiting) this.staleness.push(this.now - at);
    this.waiting = [];
    this.counts.batches += 1;
    this.nextBatch += this.everyMs;
  }

  private async happen(event: Happening): Promise<void> {
    this.touch(event);
    switch (event.kind) {
      case 'order':
        return this.order(event);
      case 'cancel':
        if (await this.retailer.systems[event.system].cancel(event.order)) this.owed.delete(event.order);
        return;
      case 'return':
        if (event.order === undefined || this.accepted.has(event.order)) await this.retailer.systems[event.system].takeBack(event);
        return;
      case 'receipt':
        for (const line of event.lines) this.paper.enter('receipt', event.location, line.item, line.quantity, event.at);
        return;
      case 'adjustment':
        this.paper.enter('adjustment', event.location, event.item, event.quantity, event.at);
        return;
      case 'count':
        this.paper.enter('count', event.location, event.item, Math.max(0, this.truth.onHand(event.location, event.item) - event.missing), event.at);
    }
  }

  private touch(event: Happening): void {
    if ('lines' in event) for (const line of event.lines) this.touched.add(line.item);
    else if ('item' in event) this.touched.add(event.item);
    else for (const line of this.accepted.get(event.order) ?? []) this.touched.add(line.item);
  }

  private async order(event: Extract<Happening, { kind: 'order' }>): Promise<void> {
    const inStore = event.system === 'tills' && event.location !== WAREHOUSE;
    const lines = inStore ? event.lines.filter((line) => this.truth.onHand(event.location, line.item) >= line.quantity) : event.lines;
    if (lines.length === 0) return;
    const free = new Map(lines.map((line) => [line.item, this.truth.onHand(event.location, line.item)]));
    const { accepted } = await this.retailer.systems[event.system].order({ order: event.order, location: event.location, lines });
    if (accepted.length === 0) {
      this.counts.ordersRefused += 1;
      return;
    }
    this.accepted.set(event.order, accepted);
    this.counts.orders += 1;
    for (const line of accepted) this.sold(event, line, free);
  }

  private sold(event: Extract<Happening, { kind: 'order' }>, line: OrderLine, free: Map<string, number>): void {
    this.counts.units += line.quantity;
    if (event.location !== WAREHOUSE) return;
    const left = free.get(line.item) ?? 0;
    const missing = Math.min(line.quantity, line.quantity - Math.max(0, left));
    free.set(line.item, left - line.quantity);
    this.waiting.push(event.at);
    if (missing <= 0) return;
    this.oversold.set(event.system, (this.oversold.get(event.system) ?? 0) + missing);
    this.owed.add(event.order);
  }
}

/**
 * What the same customers would have met with the systems connected point to point, by a job every quarter of an hour.
 * Everything else is as good as it can be: no message is lost or late, and the job takes no time.
 */
export function playPointToPoint(script: TradingScript, channels: readonly ChannelPlan[], seed: number, everyMs = 15 * MINUTE_MS): Promise<PointToPointResult> {
  return new PointToPointDay(script, channels, everyMs, seed).play();
}
