import { createHmac } from 'node:crypto';
import type { ConnectionSetup, CrossReference } from '../../outside-system.js';
import type { WebhookSigner } from '../kit/deliveries.js';
import type { BookedLine, BookedOrder, BusinessKey, GoodsBack, LineBack } from '../kit/documents.js';
import { LoopbackServer } from '../kit/loopback-server.js';
import { Outlet, type Announcement, type OutletOptions } from '../kit/outlet.js';
import { Random } from '../kit/random.js';
import { AdminApi, PLUS_PLAN, type AdminApiBehaviour, type AdminApiCounts } from './admin-api.js';
import { orderPayload } from './order-payload.js';
import { shopTime, type ShopBooks } from './payload-parts.js';
import { refund } from './refund-payload.js';
import { ShopIds } from './shop-ids.js';

export interface ShopifyShopOptions extends OutletOptions {
  readonly api?: Partial<AdminApiBehaviour>;
  /** Default GBP. */
  readonly currency?: string;
  /** Subscribe the hub to inventory_levels/update as well: every change of a level is told, the hub's own writes included. Default false. */
  readonly tellsLevels?: boolean;
}

/** `X-Shopify-Hmac-Sha256: <base64 HMAC-SHA256 of the body>`; the other headers as Shopify sends them. */
const signForShopify: WebhookSigner = (message, body, link) => ({
  method: 'POST',
  path: `/webhooks/${encodeURIComponent(link.connectionId)}`,
  headers: {
    'content-type': 'application/json',
    'user-agent': 'Shopify-Captain-Hook',
    'x-shopify-topic': message.topic,
    'x-shopify-webhook-id': message.deliveryId,
    'x-shopify-api-version': '2026-07',
    'x-shopify-hmac-sha256': createHmac('sha256', link.webhookSecret).update(body).digest('base64'),
    ...message.headers,
  },
  body,
});

/**
 * A Shopify shop: it sells what it believes to be available, tells of orders, cancellations and refunds by webhook, and
 * has its figures set through the Admin API. As in the real one, cancelling an order restocks by a refund, which comes
 * both inside orders/cancelled and as refunds/create; and a refund belongs to exactly one order.
 */
export class ShopifyShop extends Outlet {
  readonly decides = 'published';
  readonly domain: string;
  private readonly books: ShopBooks;
  private readonly api: AdminApi;
  private readonly server: LoopbackServer;
  private readonly accessToken: string;
  private readonly eventIds: Random;

  constructor(options: ShopifyShopOptions) {
    super(options, signForShopify);
    this.domain = `${this.name}.myshopify.com`;
    this.accessToken = `shpat_${Random.of(this.seed, 3).hex(32)}`;
    this.eventIds = Random.of(this.seed, 4);
    const ids = new ShopIds(this.catalogue.items.length, this.locations);
    this.books = { ids, catalogue: this.catalogue, domain: this.domain, currency: options.currency ?? 'GBP' };
    const shop = { name: this.name, domain: this.domain, accessToken: this.accessToken, seed: this.seed, now: this.now, locations: this.locations };
    this.api = new AdminApi(shop, ids, this.catalogue, this.stock, { ...PLUS_PLAN, ...options.api });
    this.server = new LoopbackServer((call) => this.api.answer(call));
    if (options.tellsLevels) this.stock.onChange((item, available) => this.tell([this.levelUpdate(item, available)], []));
  }

  /** Where its Admin API listens; empty until started. */
  get url(): string {
    return this.server.url;
  }

  /** What its Admin API answered so far. */
  get apiCounts(): Readonly<AdminApiCounts> {
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
      plugin: 'shopify',
      name: this.name,
      config: { shopUrl: this.url, locationId: String(this.books.ids.location(this.locations[0] as string)) },
      credentials: { accessToken: this.accessToken, webhookSecret: this.webhookSecret },
      matchItemsBy: 'reference',
    };
  }

  crossReferences(): readonly CrossReference[] {
    const { ids } = this.books;
    return [
      ...this.locations.map((location): CrossReference => ({ entity: 'location', type: 'location', externalId: String(ids.location(location)), canonicalId: location })),
      ...this.catalogue.items.flatMap(({ id }, position): CrossReference[] => [
        { entity: 'item', type: 'variant', externalId: String(ids.variant(position)), canonicalId: id },
        { entity: 'item', type: 'inventory-item', externalId: String(ids.inventoryItem(position)), canonicalId: id },
      ]),
    ];
  }

  protected override documentsOf(order: BookedOrder | undefined, lines: readonly Omit<LineBack, 'position'>[]): ReturnType<Outlet['documentsOf']> {
    const sold = lines.filter((line) => line.soldAs !== undefined);
    const unsold = lines.filter((line) => line.soldAs === undefined);
    return [[order, sold] as const, [undefined, unsold] as const].filter(([, part]) => part.length > 0);
  }

  protected keyOfSale(order: BookedOrder, line: BookedLine): BusinessKey {
    return { eventId: `order/${this.books.ids.order(order)}`, line: String(this.books.ids.lineItem(order, line)) };
  }

  protected keyOfCancel(back: GoodsBack, line: LineBack): BusinessKey {
    return this.keyOfReturn(back, line);
  }

  protected keyOfReturn(back: GoodsBack, line: LineBack): BusinessKey {
    return { eventId: `refund/${this.books.ids.refund(back)}`, line: String(this.books.ids.refundLine(back, line)) };
  }

  protected tellOrder(order: BookedOrder): readonly Announcement[] {
    return [this.webhook('orders/create', order.occurredAt, () => orderPayload(order, this.books))];
  }

  protected tellCancel(order: BookedOrder, back: GoodsBack): readonly Announcement[] {
    return [
      this.webhook('orders/cancelled', back.occurredAt, () => orderPayload(order, this.books, back)),
      this.webhook('refunds/create', back.occurredAt, () => JSON.stringify(refund(back, this.books, 'cancel'))),
    ];
  }

  protected tellReturn(back: GoodsBack): readonly Announcement[] {
    return [this.webhook('refunds/create', back.occurredAt, () => JSON.stringify(refund(back, this.books, 'return')))];
  }

  private levelUpdate(item: string, available: number): Announcement {
    const { ids } = this.books;
    const at = this.now();
    const id = ids.inventoryItem(this.catalogue.position(item));
    const location = ids.location(this.locations[0] as string);
    return this.webhook('inventory_levels/update', at, () =>
      JSON.stringify({ inventory_item_id: id, location_id: location, available, updated_at: shopTime(at), admin_graphql_api_id: `gid://shopify/InventoryLevel/${location}?inventory_item_id=${id}` }));
  }

  private webhook(topic: string, at: number, body: () => string): Announcement {
    const headers = { 'x-shopify-shop-domain': this.domain, 'x-shopify-triggered-at': new Date(at).toISOString(), 'x-shopify-event-id': this.eventIds.uuid() };
    return { topic, body, headers };
  }
}
