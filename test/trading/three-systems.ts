import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PLACES } from '../peers/tryton/retailer.js';
import { startTryton, type TrytonPeer } from '../peers/tryton/start-tryton.js';
import { DATABASE, HUB_USER, PASSWORD } from '../peers/tryton/template.js';
import type { PlacedOrder } from '../peers/vendure/customer.js';
import { startVendure, type Vendure } from '../peers/vendure/vendure.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startHub, type Hub } from '../support/hub.js';
import type { Trade, TradingScript } from './trading-script.js';

const WAREHOUSE = 'warehouse';
const SETTLED_WITHIN_MS = 1_200_000;

/** On hand by SKU, in each of the three. */
export interface Stock {
  readonly model: Readonly<Record<string, number>>;
  readonly erp: Readonly<Record<string, number>>;
  readonly hub: Readonly<Record<string, number>>;
  /** What the shop would sell. */
  readonly shop: Readonly<Record<string, number>>;
}

interface Sold {
  readonly order: PlacedOrder;
  readonly orderLineId: string;
  left: number;
}

/**
 * A real ERP, a real shop and the hub between them, traded by people who know nothing of the hub. The model beside them counts
 * what those people did, in plain sums.
 */
export class ThreeSystems {
  readonly model = new Map<string, number>();
  orders = 0;
  lines = 0;
  cancelled = 0;
  private readonly sold = new Map<string, Sold[]>();
  private key = '';

  private constructor(
    readonly erp: TrytonPeer,
    readonly shop: Vendure,
    private readonly database: TestDatabase,
    private readonly dataDir: string,
    private hub: Hub,
    private readonly products: ReadonlyMap<string, number>,
    private readonly variants: ReadonlyMap<string, string>,
  ) {}

  /** Opens both with the same goods: the ERP knows what is there, the shop has nothing to sell until the hub says so. */
  static async open(script: TradingScript): Promise<ThreeSystems> {
    const skus = [...script.opening.keys()];
    const [erp, shop, database, dataDir] = await Promise.all([startTryton(), startVendure(), createTestDatabase(), mkdtemp(join(tmpdir(), 'crossdock-trading-'))]);
    const ids = await erp.retailer.addProducts(skus.map((code) => ({ code })));
    const products = new Map(skus.map((sku, index) => [sku, ids[index] ?? 0]));
    await erp.retailer.count(PLACES.storage, skus.map((sku) => ({ product: products.get(sku) ?? 0, quantity: script.opening.get(sku) ?? 0 })));
    const variantIds = await shop.addProducts(skus.map((sku) => ({ sku, levels: [{ locationId: '1', onHand: 0 }] })));
    const variants = new Map(skus.map((sku, index) => [sku, variantIds[index] ?? '']));
    const hub = await startHub({ databaseUrl: database.url, dataDir });
    const three = new ThreeSystems(erp, shop, database, dataDir, hub, products, variants);
    for (const [sku, quantity] of script.opening) three.model.set(sku, quantity);
    await three.connect();
    return three;
  }

  /** As an integrator would, by the API alone: connections, what they call things, the channel, the books. */
  private async connect(): Promise<void> {
    this.key = (await this.call<{ key: string }>('POST', '/admin/v1/clients', { name: 'back office', scopes: ['catalog:read', 'catalog:write', 'stock:read'] })).key;
    await this.call('PUT', `/api/v1/locations/${WAREHOUSE}`, { name: 'Warehouse', type: 'warehouse' }, this.key);
    await this.call('POST', '/admin/v1/connections', {
      id: 'erp', plugin: 'tryton', name: 'ERP', matchItemsBy: 'sku', allowPrivateNetwork: true, enabled: false, config: { url: this.erp.url, database: DATABASE, user: HUB_USER }, credentials: { password: PASSWORD },
    });
    await this.call('POST', '/admin/v1/connections', {
      id: 'shop', plugin: 'vendure', name: 'Web shop', matchItemsBy: 'sku', allowPrivateNetwork: true, enabled: false,
      config: { shopUrl: this.shop.url, locationId: '1', ordersSince: new Date(Date.now() - 60_000).toISOString() }, credentials: this.shop.credentials,
    });
    for (const [id, place] of [['erp', String(PLACES.warehouse)], ['shop', '1']] as const) {
      await this.call('PUT', `/admin/v1/connections/${id}/cross-references`, { references: [{ entity: 'location', type: 'location', externalId: place, canonicalId: WAREHOUSE }] });
      await this.call('POST', `/admin/v1/connections/${id}/surveys`, { entities: ['item'] });
      await this.until('the survey', async () => (await this.call<{ items: { entity: string; state: string }[] }>('GET', `/admin/v1/connections/${id}/surveys`)).items.some(({ entity, state }) => entity === 'item' && state === 'done'));
      await this.repeat(`/admin/v1/connections/${id}/matches/${id === 'erp' ? 'adopt' : 'accept'}`, { entity: 'item' });
    }
    await this.call('PUT', '/api/v1/channels/web', { name: 'Web shop', locations: [WAREHOUSE], connection: 'shop' }, this.key);
    await this.call('PUT', '/admin/v1/connections/erp/posting', { from: 'now' });
    for (const [id, feed] of [['erp', 'stock-moves'], ['shop', 'orders']] as const) {
      await this.call('POST', `/admin/v1/connections/${id}/enable`);
      await this.call('PATCH', `/admin/v1/connections/${id}/feeds/${feed}`, { everySeconds: 1 });
    }
  }

  /** One thing that a customer does. */
  async trade(trade: Trade): Promise<void> {
    if (trade.kind === 'order') return this.buy(trade);
    const { sku, quantity } = trade.line;
    const sold = this.sold.get(sku)?.find(({ left }) => left > 0);
    if (!sold) return;
    const units = Math.min(quantity, sold.left);
    await this.shop.shop.cancel(sold.order, [{ orderLineId: sold.orderLineId, quantity: units }]);
    sold.left -= units;
    this.cancelled += units;
    this.move(sku, units);
  }

  private async buy({ lines }: Extract<Trade, { kind: 'order' }>): Promise<void> {
    const order = await this.shop.shop.buy({ lines: lines.map(({ sku, quantity }) => ({ variantId: this.variants.get(sku) ?? '', quantity })) });
    this.orders += 1;
    for (const { sku, quantity } of lines) {
      const line = order.lines.find(({ variantId }) => variantId === this.variants.get(sku));
      if (!line) throw new Error(`the shop's order lacks ${sku}`);
      this.lines += 1;
      this.move(sku, -quantity);
      this.sold.set(sku, [...(this.sold.get(sku) ?? []), { order, orderLineId: line.orderLineId, left: quantity }]);
    }
  }

  /** The warehouse's people count an item in the ERP and find about so many more or fewer than the ERP believes: it may learn of a sale at the same moment. */
  async recount(sku: string, difference: number): Promise<void> {
    const product = this.products.get(sku) ?? 0;
    const believed = (await this.erp.retailer.quantities(PLACES.storage)).get(product) ?? 0;
    const inventory = await this.erp.retailer.count(PLACES.storage, [{ product, quantity: believed + difference }]);
    const moves = await this.erp.retailer.rpc.call<{ quantity: number; to_location: number }[]>(
      'model.stock.move.search_read', [[['origin.inventory', '=', inventory, 'stock.inventory.line']], 0, null, null, ['quantity', 'to_location']]);
    for (const { quantity, to_location: to } of moves) this.move(sku, to === PLACES.storage ? quantity : -quantity);
  }

  /** A supplier delivers, and the ERP books it. */
  async receive(sku: string, quantity: number): Promise<void> {
    await this.erp.retailer.receive({ id: PLACES.warehouse, inputId: PLACES.input, outputId: PLACES.output, storageId: PLACES.storage }, [{ product: this.products.get(sku) ?? 0, quantity }]);
    this.move(sku, quantity);
  }

  /** kill -9 of the hub, and a new one on the same database. */
  async killHub(): Promise<void> {
    await this.hub.kill();
    this.hub = await startHub({ databaseUrl: this.database.url, dataDir: this.dataDir });
  }

  /** Waits until all three say what the model says, or answers where they differ when the time is over. */
  async settled(withinMs = SETTLED_WITHIN_MS): Promise<Stock> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const stock = await this.stock();
      if (Date.now() > deadline || [stock.erp, stock.hub, stock.shop].every((one) => JSON.stringify(one) === JSON.stringify(stock.model))) return stock;
      await sleep(1_000);
    }
  }

  /** What an administrator sees of trouble: deliveries that failed, exceptions, postings that are held. */
  async trouble(): Promise<unknown[]> {
    const exceptions = await this.call<{ items: unknown[] }>('GET', '/admin/v1/exceptions?state=open');
    const held = await this.call<{ items: unknown[] }>('GET', '/admin/v1/connections/erp/posting/held');
    const failed = await this.call<{ items: unknown[] }>('GET', '/admin/v1/deliveries?state=failed');
    return [...exceptions.items, ...held.items, ...failed.items];
  }

  /** How many movements of each kind the ledger holds, and how many of those are from a source that said one of them twice. */
  async ledger(): Promise<{ readonly kinds: Readonly<Record<string, number>>; readonly twice: number }> {
    const kinds: Record<string, number> = {};
    const seen = new Map<string, number>();
    let after = '';
    for (;;) {
      const page = await this.call<{ items: { kind: string; source: number; eventId: string; line: string }[]; next: string | null }>('GET', `/api/v1/ledger?limit=1000${after}`, undefined, this.key);
      for (const { kind, source, eventId, line } of page.items) {
        kinds[kind] = (kinds[kind] ?? 0) + 1;
        const key = `${kind} ${source} ${eventId} ${line}`;
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
      if (page.items.length < 1_000 || page.next === null) break;
      after = `&after=${page.next}`;
    }
    return { kinds, twice: [...seen.values()].filter((count) => count > 1).length };
  }

  async close(): Promise<void> {
    await this.hub.kill();
    await this.hub.dispose();
    await this.database.drop();
    await Promise.all([this.erp.stop(), this.shop.stop(), rm(this.dataDir, { recursive: true, force: true })]);
  }

  private async stock(): Promise<Stock> {
    const skus = [...this.model.keys()];
    const erp = await this.erp.retailer.quantities(PLACES.storage);
    const hub = new Map<string, number>();
    for (let after = ''; ; ) {
      const page = await this.call<{ items: { item: string; condition: string; onHand: number }[]; next: string | null }>('GET', `/api/v1/stock-levels?location=${WAREHOUSE}&limit=1000${after}`, undefined, this.key);
      for (const { item, condition, onHand } of page.items) if (condition === 'sellable') hub.set(item, onHand);
      if (page.next === null) break;
      after = `&after=${page.next}`;
    }
    const shop = await this.shopStock();
    const of = (figure: (sku: string) => number | undefined): Record<string, number> => Object.fromEntries(skus.map((sku) => [sku, figure(sku) ?? 0]));
    return { model: of((sku) => this.model.get(sku)), erp: of((sku) => erp.get(this.products.get(sku) ?? 0)), hub: of((sku) => hub.get(sku)), shop: of((sku) => shop.get(this.variants.get(sku) ?? '')) };
  }

  private async shopStock(): Promise<Map<string, number>> {
    const figures = new Map<string, number>();
    for (let skip = 0; ; skip += 500) {
      const { productVariants } = await this.shop.shop.admin.ask<{ productVariants: { items: { id: string; stockLevels: { stockOnHand: number; stockAllocated: number }[] }[] } }>(
        'query ($skip: Int!) { productVariants(options: { take: 500, skip: $skip }) { items { id stockLevels { stockOnHand stockAllocated } } } }', { skip });
      for (const { id, stockLevels } of productVariants.items) figures.set(id, stockLevels.reduce((sum, { stockOnHand, stockAllocated }) => sum + stockOnHand - stockAllocated, 0));
      if (productVariants.items.length < 500) return figures;
    }
  }

  private move(sku: string, units: number): void {
    this.model.set(sku, (this.model.get(sku) ?? 0) + units);
  }

  private async repeat(path: string, body: object): Promise<void> {
    for (let after: string | null | undefined; after !== null; ) after = (await this.call<{ next: string | null }>('POST', path, { ...body, ...(after ? { after } : {}) })).next;
  }

  private async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + 120_000; !(await holds()); await sleep(200)) if (Date.now() > deadline) throw new Error(`${what} does not end`);
  }

  private async call<Body = unknown>(method: string, path: string, body?: unknown, token?: string): Promise<Body> {
    const answer = await this.hub.api<Body>(method, path, body, token === undefined ? {} : { token });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}
