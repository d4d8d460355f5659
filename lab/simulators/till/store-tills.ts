import type { ConnectionSetup, CrossReference, StockKeeper } from '../../outside-system.js';
import type { BookedLine, BookedOrder, BusinessKey, GoodsBack, LineBack } from '../kit/documents.js';
import type { OutboundMessage } from '../kit/deliveries.js';
import { LoopbackServer } from '../kit/loopback-server.js';
import { Outlet, type Announcement, type OutletOptions } from '../kit/outlet.js';
import { Random } from '../kit/random.js';
import { posting, receiptNumber, signForTill, type Posting, type PostingTopic } from './postings.js';
import { StockFeed } from './stock-feed.js';

interface Held {
  readonly message: OutboundMessage;
  readonly location: string;
}

/**
 * The tills of the stores, behind one till server. A till never refuses a customer: what lies on the counter is there,
 * whatever anybody's figures say. It shows the availability that it was last sent, and posts what it sold; a store that
 * is offline goes on selling and posts late, in a burst and out of order.
 */
export class StoreTills extends Outlet implements StockKeeper {
  readonly decides = 'never-refuses';
  private readonly server: LoopbackServer;
  private readonly feed: StockFeed;
  private readonly serverKey: string;
  private readonly offline = new Set<string>();
  private readonly burst: Random;
  private held: Held[] = [];
  private heldBack = 0;

  constructor(options: OutletOptions) {
    super(options, signForTill);
    this.serverKey = `till_${Random.of(this.seed, 3).hex(32)}`;
    this.burst = Random.of(this.seed, 4);
    this.feed = new StockFeed(this.serverKey, this.catalogue, this.stock, this.now);
    this.server = new LoopbackServer((call) => (this.offline.size === this.locations.length ? 'hang up' : this.feed.answer(call)));
  }

  /** Where the till server listens; empty until started. */
  get url(): string {
    return this.server.url;
  }

  async start(): Promise<void> {
    await this.server.start();
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.server.stop();
  }

  connection(): ConnectionSetup {
    return {
      plugin: 'till',
      name: this.name,
      config: { serverUrl: this.url },
      credentials: { serverKey: this.serverKey, webhookSecret: this.webhookSecret },
      matchItemsBy: 'sku',
    };
  }

  crossReferences(): readonly CrossReference[] {
    return this.locations.map((location) => ({ entity: 'location', type: 'store', externalId: location, canonicalId: location }));
  }

  /**
   * Cuts one store off, or all: its tills go on selling, and nothing of it is posted. With all of them cut off, the till
   * server takes no figures either.
   */
  goOffline(location?: string): void {
    for (const store of location === undefined ? this.locations : [location]) this.offline.add(store);
  }

  /** What was held back is posted now, out of order. */
  goOnline(location?: string): void {
    for (const store of location === undefined ? this.locations : [location]) this.offline.delete(store);
    const due = this.held.filter((held) => !this.offline.has(held.location));
    this.held = this.held.filter((held) => this.offline.has(held.location));
    for (const { message } of this.burst.shuffle(due)) this.deliveries.send(message);
  }

  override get backlog(): number {
    return super.backlog + this.held.length;
  }

  override get counts(): Outlet['counts'] {
    const counts = super.counts;
    return { ...counts, late: counts.late + this.heldBack };
  }

  /** Brings stores that are offline back first: what was sold there must be told. */
  override settle(): Promise<void> {
    this.goOnline();
    return super.settle();
  }

  async receive({ location, lines }: { id: string; location: string; lines: readonly { item: string; quantity: number }[] }): Promise<void> {
    this.keep('receipts', location, lines);
  }

  async adjust({ location, item, quantity }: { id: string; location: string; item: string; quantity: number }): Promise<void> {
    this.keep('adjustments', location, [{ item, quantity }]);
  }

  async count({ location, item, counted }: { id: string; location: string; item: string; counted: number }): Promise<void> {
    this.keep('counts', location, [{ item, quantity: counted }]);
  }

  /** @throws Error for an article that no till knows: the driver of a lab made a mistake. */
  protected override admits(line: { item: string }): boolean {
    return this.catalogue.position(line.item) >= 0;
  }

  protected override post(message: OutboundMessage, location: string | undefined): void {
    if (location === undefined || !this.offline.has(location)) {
      super.post(message, location);
      return;
    }
    this.heldBack += 1;
    this.held.push({ message, location });
  }

  protected keyOfSale(order: BookedOrder, line: BookedLine): BusinessKey {
    return { eventId: `sale/${receiptNumber(order)}`, line: String(line.position) };
  }

  protected keyOfCancel(back: GoodsBack, line: LineBack): BusinessKey {
    return this.keyOfReturn(back, line);
  }

  protected keyOfReturn(back: GoodsBack, line: LineBack): BusinessKey {
    return { eventId: `return/${receiptNumber(back)}`, line: String(line.position) };
  }

  protected tellOrder(order: BookedOrder): readonly Announcement[] {
    return [announce('sales', order)];
  }

  /** A till has no cancellation: goods that were paid for and left at the counter come back as a return. */
  protected tellCancel(_order: BookedOrder, back: GoodsBack): readonly Announcement[] {
    return [announce('returns', back)];
  }

  protected tellReturn(back: GoodsBack): readonly Announcement[] {
    return [announce('returns', back)];
  }

  /** Facts of the shelf itself: they do not change what the tills show, the hub's next figure does. */
  private keep(topic: keyof typeof SHELF_FACTS, location: string, entries: readonly { item: string; quantity: number }[]): void {
    const lines = entries.map(({ item, quantity }, index) => ({ item, quantity, position: index + 1 }));
    const document: Posting = { number: this.nextNumber(), location, lines, occurredAt: this.now() };
    const kind = SHELF_FACTS[topic];
    const event = `${kind}/${receiptNumber(document)}`;
    const key = ({ position }: { position: number }): BusinessKey =>
      kind === 'count' ? { eventId: `${event}/${position}`, line: '' } : { eventId: event, line: String(position) };
    this.tell([announce(topic, document)], this.write(kind, document, undefined, key));
  }
}

const SHELF_FACTS = { receipts: 'receipt', adjustments: 'adjustment', counts: 'count' } as const;

function announce(topic: PostingTopic, document: Posting): Announcement {
  return { topic, body: () => posting(document) };
}
