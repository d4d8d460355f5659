import type { ConnectionSetup, CrossReference, CustomerOrder, DeliveryCounts, FactKind, GoodsReturn, JournalFact, OrderAnswer, OrderLine, SellingSystem } from '../../outside-system.js';
import { Beliefs } from './beliefs.js';
import type { Catalogue } from './catalogue.js';
import { Deliveries, type HubLink, type OutboundMessage, type WebhookSigner } from './deliveries.js';
import { ORDERLY, type DeliveryBehaviour } from './delivery-behaviour.js';
import { matchReturn, type BookedLine, type BookedOrder, type BusinessKey, type GoodsBack, type LineBack } from './documents.js';
import { Random, seedFrom } from './random.js';

export interface OutletOptions {
  /** Short and unique in the lab, for example `shop`. */
  readonly name: string;
  readonly catalogue: Catalogue;
  /** Canonical ids of the places that its goods lie at. The first is its own. */
  readonly locations: readonly string[];
  readonly seed: number;
  readonly delivery?: Partial<DeliveryBehaviour>;
  /** Milliseconds since the epoch; tests give their own. */
  readonly now?: () => number;
}

/** A message before it has a delivery id. */
export type Announcement = Pick<OutboundMessage, 'topic' | 'body' | 'headers'>;

/** What every simulated selling system has in common: a belief, a journal, orders, and a way to tell the hub of its facts. */
export abstract class Outlet implements SellingSystem {
  abstract readonly decides: SellingSystem['decides'];
  readonly name: string;
  readonly deliveries: Deliveries;
  protected readonly stock = new Beliefs();
  protected readonly catalogue: Catalogue;
  protected readonly locations: readonly string[];
  protected readonly seed: number;
  protected readonly now: () => number;
  /** What the hub signs with; part of the connection that an admin enters. */
  protected readonly webhookSecret: string;
  private readonly facts: JournalFact[] = [];
  private readonly orders = new Map<string, BookedOrder>();
  private readonly deliveryIds: Random;
  private numbered = 0;

  protected constructor(options: OutletOptions, sign: WebhookSigner) {
    if (options.locations.length === 0) throw new Error(`${options.name} needs a location`);
    this.name = options.name;
    this.catalogue = options.catalogue;
    this.locations = options.locations;
    this.seed = seedFrom(options.seed, options.name);
    this.now = options.now ?? Date.now;
    this.webhookSecret = Random.of(this.seed, 1).hex(48);
    this.deliveryIds = Random.of(this.seed, 2);
    this.deliveries = new Deliveries({ seed: this.seed, behaviour: { ...ORDERLY, ...options.delivery }, sign });
  }

  abstract start(): Promise<void>;
  abstract connection(): ConnectionSetup | undefined;
  abstract crossReferences(): readonly CrossReference[];

  /** From now on its facts are told to the hub. Never called, it is a system of its own: see `setFigures` and `factsSince`. */
  connect(hub: { url: string; connectionId?: string; apiKey?: string }): void {
    if (hub.connectionId === undefined) throw new Error(`${this.name} needs the id of its connection`);
    const link: HubLink = { url: hub.url, connectionId: hub.connectionId, webhookSecret: this.webhookSecret };
    this.deliveries.connect(link);
  }

  get journal(): readonly JournalFact[] {
    return this.facts;
  }

  get beliefs(): ReadonlyMap<string, number> {
    return this.stock.quantities;
  }

  get figures(): Beliefs['figures'] {
    return this.stock.figures;
  }

  get counts(): DeliveryCounts {
    return this.deliveries.counts();
  }

  get backlog(): number {
    return this.deliveries.waiting;
  }

  /** Resolves when the hub has accepted everything that there was to tell. */
  settle(): Promise<void> {
    return this.deliveries.settled();
  }

  /** Gives up undelivered messages and closes its server, where it has one. */
  async stop(): Promise<void> {
    this.deliveries.stop();
  }

  /** A batch job writes its figures directly, as point-to-point scripts do. */
  setFigures(figures: ReadonlyMap<string, number>): void {
    const at = this.now();
    for (const [item, quantity] of figures) this.stock.setFigure(item, quantity, at);
  }

  /** A batch job asks what happened since its last run: begin with 0 and pass `next` on. */
  factsSince(cursor: number): { readonly facts: readonly JournalFact[]; readonly next: number } {
    const facts = this.facts.slice(cursor);
    return { facts, next: cursor + facts.length };
  }

  /** Decided at once and line by line, on what the system believes at this moment. */
  async order(wanted: CustomerOrder): Promise<OrderAnswer> {
    if (this.orders.has(wanted.order)) throw new Error(`${this.name} has the order ${wanted.order} already`);
    const accepted: OrderLine[] = [];
    const refused: OrderLine[] = [];
    for (const line of wanted.lines) {
      if (this.admits(line)) {
        this.stock.sold(line.item, line.quantity);
        accepted.push(line);
      } else {
        refused.push(line);
      }
    }
    if (accepted.length > 0) this.sell({ ...wanted, lines: accepted });
    return { accepted, refused };
  }

  /** Cancels what is left of an order; false when there is nothing left, or never was. */
  async cancel(name: string): Promise<boolean> {
    const order = this.orders.get(name);
    const open = order?.lines.filter((line) => line.left > 0) ?? [];
    if (!order || open.length === 0) return false;
    order.cancelled = true;
    const lines = open.map((line, index): LineBack => ({ position: index + 1, item: line.item, quantity: line.left, soldAs: line }));
    const back: GoodsBack = { number: this.nextNumber(), name: `${name}/cancelled`, order, location: order.location, lines, occurredAt: this.now() };
    for (const line of open) {
      this.stock.restocked(line.item, line.left);
      line.left = 0;
    }
    this.tell(this.tellCancel(order, back), this.write('return', back, order.name, (line) => this.keyOfCancel(back, line)));
    return true;
  }

  /** Goods come back and are sellable again at the location. */
  async takeBack(goods: GoodsReturn): Promise<void> {
    const order = goods.order === undefined ? undefined : this.orders.get(goods.order);
    const lines = goods.lines.flatMap((line) => matchReturn(order, line.item, line.quantity));
    for (const [sale, part] of this.documentsOf(order, lines)) {
      const booked = part.map((line, index): LineBack => ({ ...line, position: index + 1 }));
      const back: GoodsBack = { number: this.nextNumber(), name: goods.id, order: sale, location: goods.location, lines: booked, occurredAt: this.now() };
      if (this.restocksReturns()) for (const line of booked) this.stock.restocked(line.item, line.quantity);
      this.tell(this.tellReturn(back), this.write('return', back, goods.order, (line) => this.keyOfReturn(back, line)));
    }
  }

  /** Whether a customer may buy this line. */
  protected admits(line: OrderLine): boolean {
    return this.stock.quantity(line.item) >= line.quantity;
  }

  /** Whether returned goods go back on sale here at once, or only when the next figure says so. */
  protected restocksReturns(): boolean {
    return true;
  }

  /** One return is one document, unless the system cannot put sold and never-sold goods on the same one. */
  protected documentsOf(order: BookedOrder | undefined, lines: readonly Omit<LineBack, 'position'>[]): readonly (readonly [BookedOrder | undefined, readonly Omit<LineBack, 'position'>[]])[] {
    return [[order, lines]];
  }

  protected abstract keyOfSale(order: BookedOrder, line: BookedLine): BusinessKey;
  protected abstract keyOfCancel(back: GoodsBack, line: LineBack): BusinessKey;
  protected abstract keyOfReturn(back: GoodsBack, line: LineBack): BusinessKey;
  protected abstract tellOrder(order: BookedOrder): readonly Announcement[];
  protected abstract tellCancel(order: BookedOrder, back: GoodsBack): readonly Announcement[];
  protected abstract tellReturn(back: GoodsBack): readonly Announcement[];

  /** Counts the documents of this system, from 1. */
  protected nextNumber(): number {
    this.numbered += 1;
    return this.numbered;
  }

  /** Hands messages over for delivery, when there is a hub to tell. The facts learn when the first of them leaves. */
  protected tell(announcements: readonly Announcement[], facts: readonly JournalFact[]): void {
    if (!this.deliveries.connected) return;
    const posted = (): void => {
      const at = this.now();
      for (const fact of facts) fact.postedAt ??= at;
    };
    for (const announcement of announcements) this.post({ ...announcement, deliveryId: this.deliveryIds.uuid(), posted }, facts[0]?.location);
  }

  protected post(message: OutboundMessage, _location: string | undefined): void {
    this.deliveries.send(message);
  }

  /** Appends one fact to the journal. */
  protected enter(fact: JournalFact): JournalFact {
    this.facts.push(fact);
    return fact;
  }

  protected write<Line extends { readonly item: string; readonly quantity: number }>(
    kind: FactKind,
    document: { readonly location: string; readonly occurredAt: number; readonly lines: readonly Line[] },
    order: string | undefined,
    keyOf: (line: Line) => BusinessKey,
  ): JournalFact[] {
    return document.lines.map((line) =>
      this.enter({ ...keyOf(line), kind, item: line.item, location: document.location, quantity: line.quantity, occurredAt: document.occurredAt, ...(order === undefined ? {} : { order }) }));
  }

  private sell(wanted: CustomerOrder): void {
    const order: BookedOrder = {
      number: this.nextNumber(),
      name: wanted.order,
      location: wanted.location,
      lines: wanted.lines.map(({ item, quantity }, index) => ({ position: index + 1, item, quantity, left: quantity })),
      occurredAt: this.now(),
      cancelled: false,
    };
    this.orders.set(order.name, order);
    this.tell(this.tellOrder(order), this.write('sale', order, order.name, (line) => this.keyOfSale(order, line)));
  }
}
