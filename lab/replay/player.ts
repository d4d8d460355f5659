import { setTimeout as sleep } from 'node:timers/promises';
import type { Hold } from '../checker/evidence.js';
import type { OrderAnswer, OrderLine, OutsideSystem, StockKeeper } from '../outside-system.js';
import { Pace } from './pace.js';
import type { Retailer } from './retailer.js';
import { Shelves } from './shelves.js';
import { WAREHOUSE, type Happening, type TradingScript } from './trading-script.js';

/** What the customers and the staff did. Lines and units are those that were bought. */
export interface PlayCounts {
  orders: number;
  ordersRefused: number;
  lines: number;
  units: number;
  linesRefused: number;
  /** Lines that a till customer did not bring to the counter, because the shelf in the store was empty. */
  shelfEmpty: number;
  cancellations: number;
  returns: number;
  returnsWithoutSale: number;
  /** Cancellations and returns of what had been refused before: nothing happens then. */
  nothingToUndo: number;
  receipts: number;
  adjustments: number;
  counts: number;
}

type Of<Kind extends Happening['kind']> = Extract<Happening, { kind: Kind }>;

/** So many messages may wait for the hub before the replay waits for it: enough to keep it busy where there is no pace to keep. */
const MOST_WAITING = { paced: 400, unpaced: 48 } as const;

/** Plays a script to the systems: customers wish, the systems decide, and each tells the hub in its own way. */
export class Player {
  readonly counts: PlayCounts = {
    orders: 0, ordersRefused: 0, lines: 0, units: 0, linesRefused: 0, shelfEmpty: 0, cancellations: 0, returns: 0, returnsWithoutSale: 0,
    nothingToUndo: 0, receipts: 0, adjustments: 0, counts: 0,
  };
  /** What the app was granted, by order. */
  readonly holds: Hold[] = [];
  played = 0;
  private readonly answers = new Map<string, Promise<OrderAnswer>>();
  private readonly underWay = new Set<Promise<void>>();
  private readonly everyone: readonly OutsideSystem[];
  private readonly shelves: Shelves;
  private failure: unknown;

  constructor(
    private readonly retailer: Retailer,
    private readonly warehouse: StockKeeper,
  ) {
    this.everyone = [...Object.values(retailer.systems), warehouse];
    this.shelves = new Shelves(this.everyone);
  }

  /** Messages and calls that the hub has not answered yet. */
  get waiting(): number {
    return this.underWay.size + this.everyone.reduce((sum, system) => sum + system.backlog, 0);
  }

  /** Resolves when everything has happened and every system's journal has reached the hub. @throws what a system threw. */
  async play(script: TradingScript): Promise<void> {
    const pace = new Pace(script.pace);
    const mostWaiting = pace.unbounded ? MOST_WAITING.unpaced : MOST_WAITING.paced;
    const begun = Date.now();
    for (const event of script.happenings) {
      const early = begun + pace.wallMs(event.at) - Date.now();
      if (early > 1) await sleep(early);
      while (this.waiting > mostWaiting && !this.failure) await sleep(4);
      if (this.failure) throw this.failure;
      if (event.kind === 'count') await this.count(event);
      else this.begin(this.happen(event));
      this.played += 1;
      // A script without a pace would otherwise starve the sockets.
      if (pace.unbounded && this.played % 8 === 0) await sleep(0);
    }
    while (this.underWay.size > 0) await Promise.all(this.underWay);
    if (this.failure) throw this.failure;
    await Promise.all(this.everyone.map((system) => system.settle()));
  }

  private begin(work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => this.underWay.delete(watched));
    this.underWay.add(watched);
  }

  private happen(event: Exclude<Happening, { kind: 'count' }>): Promise<void> {
    switch (event.kind) {
      case 'order':
        return this.order(event);
      case 'cancel':
        return this.cancel(event);
      case 'return':
        return this.takeBack(event);
      case 'receipt':
        this.counts.receipts += 1;
        return this.keeperOf(event.location).receive(event);
      case 'adjustment':
        this.counts.adjustments += 1;
        return this.keeperOf(event.location).adjust(event);
    }
  }

  private keeperOf(location: string): StockKeeper {
    return location === WAREHOUSE ? this.warehouse : this.retailer.stores;
  }

  private async order(event: Of<'order'>): Promise<void> {
    const lines = this.linesInReach(event);
    if (lines.length === 0) return;
    const requestedAt = Date.now();
    const answering = this.retailer.systems[event.system].order({ order: event.order, location: event.location, lines });
    this.answers.set(event.order, answering);
    const { accepted, refused } = await answering;
    if (accepted.length > 0) this.counts.orders += 1;
    else this.counts.ordersRefused += 1;
    this.counts.lines += accepted.length;
    this.counts.units += accepted.reduce((sum, line) => sum + line.quantity, 0);
    this.counts.linesRefused += refused.length;
    if (this.retailer.systems[event.system].decides === 'reserves') this.remember(event, accepted, requestedAt);
  }

  /** In a store a customer buys what lies on the shelf. At the trade counter the warehouse's goods are in reach, promised or not. */
  private linesInReach(event: Of<'order'>): readonly OrderLine[] {
    if (event.system !== 'tills' || event.location === WAREHOUSE) return event.lines;
    const taken = new Map<string, number>();
    const lines = event.lines.filter((line) => {
      const before = taken.get(line.item) ?? 0;
      const there = this.shelves.onHand(event.location, line.item) - before >= line.quantity;
      if (there) taken.set(line.item, before + line.quantity);
      return there;
    });
    this.counts.shelfEmpty += event.lines.length - lines.length;
    return lines;
  }

  private remember(event: Of<'order'>, accepted: readonly OrderLine[], requestedAt: number): void {
    const answeredAt = Date.now();
    for (const { item, quantity } of accepted) this.holds.push({ system: event.system, order: event.order, item, location: event.location, quantity, requestedAt, answeredAt });
  }

  private async cancel(event: Of<'cancel'>): Promise<void> {
    await this.answers.get(event.order);
    const released = Date.now();
    if (!(await this.retailer.systems[event.system].cancel(event.order))) {
      this.counts.nothingToUndo += 1;
      return;
    }
    this.counts.cancellations += 1;
    this.markReleased(event, released);
  }

  /** A promise that was given back before the goods left has no sale; one that became a sale came back by a movement. */
  private markReleased(event: Of<'cancel'>, releasedAt: number): void {
    const system = this.retailer.systems[event.system];
    if (system.decides !== 'reserves' || system.journal.some((fact) => fact.kind === 'sale' && fact.order === event.order)) return;
    this.holds.forEach((hold, index) => {
      if (hold.order === event.order) this.holds[index] = { ...hold, releasedAt };
    });
  }

  private async takeBack(event: Of<'return'>): Promise<void> {
    const answer = event.order === undefined ? undefined : await this.answers.get(event.order);
    const lines = answer ? event.lines.filter((line) => answer.accepted.some((bought) => bought.item === line.item && bought.quantity >= line.quantity)) : event.lines;
    if (lines.length === 0 || (event.order !== undefined && !answer)) {
      this.counts.nothingToUndo += 1;
      return;
    }
    await this.retailer.systems[event.system].takeBack({ id: event.id, order: event.order, location: event.location, lines });
    this.counts.returns += 1;
    if (event.order === undefined) this.counts.returnsWithoutSale += 1;
  }

  /** A count belongs to one moment: nothing else happens within its millisecond, so that nobody can quarrel about the order. */
  private async count(event: Of<'count'>): Promise<void> {
    await nextMillisecond();
    const counted = Math.max(0, this.shelves.onHand(event.location, event.item) - event.missing);
    this.counts.counts += 1;
    this.begin(this.keeperOf(event.location).count({ id: event.id, location: event.location, item: event.item, counted }));
    await nextMillisecond();
  }
}

async function nextMillisecond(): Promise<void> {
  for (const now = Date.now(); Date.now() === now; ) await sleep(1);
}
