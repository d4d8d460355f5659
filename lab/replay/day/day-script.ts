import type { OrderLine } from '../../outside-system.js';
import { DayCurve } from './day-curve.js';
import { deriveOpening, middayReceipts } from './day-stock.js';
import { flashSale, FLASH_FROM_MS, FLASH_TO_MS } from './flash-sale.js';
import { Random } from '../../simulators/kit/random.js';
import { pickFrom, WeightedPick } from '../random.js';
import { LOCATIONS, WAREHOUSE, type Happening, type PaceChange, type ScriptItem, type SystemName, type TradingScript } from '../trading-script.js';

export interface DayOptions {
  readonly seed: number;
  /** Orders that customers try to place, flash sale included. */
  readonly orders: number;
  readonly items: number;
  /** How long the day is played, by the clock on the wall. */
  readonly wallMs: number;
  /** Every shelf holds far more than anybody will ask for: for tests that must not meet a refusal. */
  readonly ample?: boolean;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_FROM_MS = 5 * HOUR_MS;
const DAY_TO_MS = 22 * HOUR_MS;
const FLASH_SHARE = 0.12;
/** During the flash sale time runs at most so fast: a hub that lags by milliseconds must not look as if it lagged by minutes. */
const FLASH_SPEED = 60;

const SYSTEM_SHARES: readonly (readonly [SystemName, number])[] = [['shop', 30], ['marketplace-a', 20], ['marketplace-b', 12], ['app', 18], ['tills', 20]];
const GOODS = ['mug', 'lantern', 'cushion', 'notebook', 'teapot', 'candle', 'apron', 'clock', 'tray', 'vase', 'blanket', 'puzzle'] as const;
const LOOKS = ['red', 'blue', 'striped', 'enamel', 'oak', 'linen', 'dotted', 'slate', 'brass', 'ivory', 'fern', 'coral'] as const;

type Order = Extract<Happening, { kind: 'order' }>;

function makeItems(count: number): ScriptItem[] {
  return Array.from({ length: count }, (_, index) => {
    const look = LOOKS[Math.floor(index / GOODS.length) % LOOKS.length] as string;
    return { id: `SKU-${String(index + 1).padStart(4, '0')}`, name: `${look} ${GOODS[index % GOODS.length]}${index >= 144 ? ` no. ${Math.floor(index / 144) + 1}` : ''}` };
  });
}

/** Draws one day. Everything comes from the seed: the same options give the same script. */
class DayGenerator {
  private readonly random: Random;
  private readonly popularity: WeightedPick;
  private readonly systems = new WeightedPick(SYSTEM_SHARES.map(([, share]) => share));
  private readonly online = DayCurve.online();
  private readonly stores = DayCurve.stores();
  readonly items: ScriptItem[];

  constructor(private readonly options: DayOptions, private readonly midnight: number) {
    this.random = new Random(options.seed);
    this.items = makeItems(options.items);
    this.popularity = WeightedPick.zipf(options.items, 0.95);
  }

  orders(): Order[] {
    const count = Math.round(this.options.orders * (1 - FLASH_SHARE));
    return Array.from({ length: count }, (_, index) => this.order(index + 1));
  }

  private order(number: number): Order {
    const system = (SYSTEM_SHARES[this.systems.pick(this.random)] as readonly [SystemName, number])[0];
    const store = system === 'tills';
    const location = store ? pickFrom(this.random, LOCATIONS).id : WAREHOUSE;
    const at = this.midnight + (store ? this.stores : this.online).draw(this.random);
    return { kind: 'order', at, order: `day-${String(number).padStart(6, '0')}`, system, location, lines: this.basket(store ? 2.4 : 1.7) };
  }

  private basket(meanLines: number): OrderLine[] {
    const lines: OrderLine[] = [];
    do {
      const item = (this.items[this.popularity.pick(this.random)] as ScriptItem).id;
      const quantity = this.random.chance(0.84) ? 1 : this.random.chance(0.7) ? 2 : this.random.between(3, 6);
      lines.push({ line: String(lines.length + 1), item, quantity });
    } while (lines.length < 12 && this.random.chance(1 - 1 / meanLines));
    return lines;
  }

  cancellations(orders: readonly Order[]): Happening[] {
    return orders
      .filter((order) => order.system !== 'tills' && this.random.chance(0.025))
      .map((order) => ({ kind: 'cancel', at: order.at + this.random.between(5, 90) * MINUTE_MS, order: order.order, system: order.system }));
  }

  /** Some goods come back the same day; one return in six is of something bought on another day, which no system remembers. */
  returns(orders: readonly Order[], cancelled: ReadonlySet<string>): Happening[] {
    const returns: Happening[] = [];
    for (const order of orders) {
      if (cancelled.has(order.order) || !this.random.chance(0.03)) continue;
      const known = !this.random.chance(1 / 6);
      const line = known ? pickFrom(this.random, order.lines) : (this.basket(1)[0] as OrderLine);
      const at = Math.max(order.at + this.random.between(60, 240) * MINUTE_MS, this.midnight + 9 * HOUR_MS);
      returns.push({
        kind: 'return', at, id: `back-${order.order}`, system: known ? order.system : 'tills', order: known ? order.order : undefined, location: order.location,
        lines: [{ line: line.line, item: line.item, quantity: known ? this.random.between(1, line.quantity) : line.quantity }],
      });
    }
    return returns;
  }

  /** Breakage and finds, and shelves that are counted. The warehouse is counted on other days: the app's holds are on its shelf. */
  shelfWork(): Happening[] {
    const work: Happening[] = [];
    const rounds = Math.max(8, Math.round(this.options.orders / 150));
    for (let number = 1; number <= rounds; number += 1) {
      const at = this.midnight + DAY_FROM_MS + Math.floor(this.random.next() * (DAY_TO_MS - DAY_FROM_MS));
      const item = (this.items[this.popularity.pick(this.random)] as ScriptItem).id;
      work.push({ kind: 'adjustment', at, id: `adjust-${number}`, location: pickFrom(this.random, LOCATIONS).id, item, quantity: this.random.chance(0.8) ? -1 : 1 });
      const shelf = (this.items[this.popularity.pick(this.random)] as ScriptItem).id;
      const store = LOCATIONS[this.random.between(1, 2)] ?? LOCATIONS[1];
      work.push({ kind: 'count', at: at + 30_000, id: `count-${number}`, location: store.id, item: shelf, missing: this.random.between(-1, 2) });
    }
    return work;
  }

  flash(): { orders: Order[]; stock: ReadonlyMap<string, number> } {
    return flashSale(this.random, this.midnight, this.items, Math.round(this.options.orders * FLASH_SHARE));
  }

  stock(orders: readonly Order[], flashStock: ReadonlyMap<string, number>): { opening: TradingScript['opening']; receipts: Happening[] } {
    const opening = deriveOpening(this.random, orders, flashStock);
    if (this.options.ample) return { opening: opening.opening.map((entry) => ({ ...entry, quantity: entry.quantity * 20 + 100 })), receipts: middayReceipts(this.random, opening.shortfall, this.midnight) };
    return { opening: opening.opening, receipts: middayReceipts(this.random, opening.shortfall, this.midnight) };
  }
}

/** Time runs slowly through the flash sale and fast through the rest, so that the whole takes `wallMs`. */
function paceOf(midnight: number, wallMs: number): PaceChange[] {
  const flashWall = Math.min((FLASH_TO_MS - FLASH_FROM_MS) / FLASH_SPEED, wallMs / 3);
  const speed = (DAY_TO_MS - DAY_FROM_MS - (FLASH_TO_MS - FLASH_FROM_MS)) / (wallMs - flashWall);
  return [
    { from: midnight + DAY_FROM_MS, speed },
    { from: midnight + FLASH_FROM_MS, speed: (FLASH_TO_MS - FLASH_FROM_MS) / flashWall },
    { from: midnight + FLASH_TO_MS, speed },
  ];
}

/** A seeded trading day, shaped like real retail: few items sell most, lunch and evening are busy, goods are scarce, things go wrong. */
export function dayScript(options: DayOptions): TradingScript {
  const midnight = Date.UTC(2026, 10, 20);
  const day = new DayGenerator(options, midnight);
  const usual = day.orders();
  const flash = day.flash();
  const sameDay = (event: Happening): boolean => event.at < midnight + DAY_TO_MS;
  const cancels = day.cancellations(usual).filter(sameDay);
  const cancelled = new Set(cancels.map((event) => (event.kind === 'cancel' ? event.order : '')));
  const returns = day.returns(usual, cancelled).filter(sameDay);
  const stock = day.stock(usual, flash.stock);
  const happenings = [...usual, ...flash.orders, ...cancels, ...returns, ...day.shelfWork(), ...stock.receipts];
  return {
    title: `Generated trading day (seed ${options.seed})`,
    items: day.items,
    opening: stock.opening,
    happenings: happenings.sort((a, b) => a.at - b.at),
    oddities: [],
    pace: paceOf(midnight, options.wallMs),
  };
}
