import type { ConnectionSetup, CrossReference } from '../../outside-system.js';
import type { BookedLine, BookedOrder, BusinessKey, GoodsBack, LineBack } from '../kit/documents.js';
import { LoopbackServer } from '../kit/loopback-server.js';
import { Outlet, type Announcement, type OutletOptions } from '../kit/outlet.js';
import { Random } from '../kit/random.js';
import { CALM_API, InventoryApi, type ApiBehaviour, type ApiCounts } from './inventory-api.js';
import { MarketplaceMessages, signForMarketplace } from './messages.js';

export interface MarketplaceOptions extends OutletOptions {
  readonly api?: Partial<ApiBehaviour>;
  /** Default GBP. */
  readonly currency?: string;
}

/**
 * A marketplace on which the retailer is a seller: it sells against the quantity that it was last told, tells of orders,
 * cancellations and returns by signed webhook, and takes quantities by REST. A cancellation puts the units back on sale
 * by itself; returned goods go to the seller and are on sale again with the seller's next figure.
 */
export class Marketplace extends Outlet {
  readonly decides = 'published';
  private readonly server: LoopbackServer;
  private readonly api: InventoryApi;
  private readonly apiKey: string;
  private readonly messages: MarketplaceMessages;

  constructor(options: MarketplaceOptions) {
    super(options, signForMarketplace);
    this.apiKey = `mk_${Random.of(this.seed, 3).hex(32)}`;
    this.messages = new MarketplaceMessages(this.name.toUpperCase(), this.catalogue, options.currency ?? 'GBP');
    const seller = { id: `seller-${this.name}`, apiKey: this.apiKey, now: this.now, random: Random.of(this.seed, 4) };
    this.api = new InventoryApi(seller, this.catalogue, this.stock, { ...CALM_API, ...options.api });
    this.server = new LoopbackServer((call) => this.api.answer(call));
  }

  /** Where its API listens; empty until started. */
  get url(): string {
    return this.server.url;
  }

  /** What its API answered so far. */
  get apiCounts(): Readonly<ApiCounts> {
    return this.api.counts;
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
      plugin: 'marketplace',
      name: this.name,
      config: { baseUrl: this.url },
      credentials: { apiKey: this.apiKey, webhookSecret: this.webhookSecret },
      matchItemsBy: 'sku',
    };
  }

  crossReferences(): readonly CrossReference[] {
    return this.locations.map((location) => ({ entity: 'location', type: 'warehouse', externalId: location, canonicalId: location }));
  }

  protected override restocksReturns(): boolean {
    return false;
  }

  protected keyOfSale(order: BookedOrder, line: BookedLine): BusinessKey {
    return { eventId: `order/${this.messages.orderId(order)}`, line: this.messages.orderLineId(order, line) };
  }

  protected keyOfCancel(back: GoodsBack, line: LineBack): BusinessKey {
    const order = back.order as BookedOrder;
    return { eventId: `order/${this.messages.orderId(order)}/cancelled`, line: this.messages.orderLineId(order, line.soldAs as BookedLine) };
  }

  protected keyOfReturn(back: GoodsBack, line: LineBack): BusinessKey {
    return { eventId: `return/${this.messages.returnId(back)}`, line: String(line.position) };
  }

  protected tellOrder(order: BookedOrder): readonly Announcement[] {
    return [{ topic: 'order.created', body: () => this.messages.orderCreated(order) }];
  }

  protected tellCancel(order: BookedOrder, back: GoodsBack): readonly Announcement[] {
    return [{ topic: 'order.cancelled', body: () => this.messages.orderCancelled(order, back) }];
  }

  protected tellReturn(back: GoodsBack): readonly Announcement[] {
    return [{ topic: 'return.received', body: () => this.messages.returnReceived(back) }];
  }
}
