import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FeedPage, FiguresBasis, InventoryFigure, PublishResult, StockMoved } from '@crossdock/connector-sdk';
import type { Connection } from '../../../src/core/connector/connection.js';
import { ConnectionDirectory } from '../../../src/core/connector/connection-directory.js';
import { ConnectorModule } from '../../../src/core/connector/connector.module.js';
import { PluginHost } from '../../../src/core/connector/plugin-host.js';
import { Publisher } from '../../../src/core/connector/publisher.js';
import { PLUGIN_FOLDERS } from '../../../src/core/connector/registry/plugin-folders.js';
import type { Vendure } from '../../peers/vendure/vendure.js';
import { startTestApp, type TestApp } from '../../support/app.js';
import { buildBuiltInPlugins } from '../../support/plugins.js';

/** The Vendure connector behind the real wall, connected to a server, and the hub's side of the feed in miniature. */
export interface WalledShop {
  readonly app: TestApp;
  readonly host: PluginHost;
  admin(method: string, path: string, body?: unknown): ReturnType<TestApp['call']>;
  connect(url: string, wish?: { readonly config?: object; readonly credentials?: object }): Promise<Connection>;
  /** As if the figures held whatever the shop did. */
  publish(connection: Connection, ...figures: readonly InventoryFigure[]): Promise<readonly PublishResult[]>;
  publishOn(basis: FiguresBasis, connection: Connection, ...figures: readonly InventoryFigure[]): Promise<readonly PublishResult[]>;
  stop(): Promise<void>;
}

export const STAFF = { username: 'superadmin', password: 'superadmin' };

export async function startWalledShop(): Promise<WalledShop> {
  const build = await buildBuiltInPlugins('vendure');
  const dataDir = await mkdtemp(join(tmpdir(), 'crossdock-vendure-'));
  const app = await startTestApp([ConnectorModule], { dataDir }, {}, { overrides: [[PLUGIN_FOLDERS, build.folders]] });
  const admin: WalledShop['admin'] = (method, path, body) => app.call(method, path, body, { token: app.adminToken });
  return {
    app, host: app.app.get(PluginHost), admin,
    connect: async (shopUrl, { config = {}, credentials = STAFF } = {}) => {
      const made = await admin('POST', '/admin/v1/connections', { plugin: 'vendure', name: 'Shop', config: { shopUrl, locationId: '1', ...config }, credentials, allowPrivateNetwork: true });
      const connection = made.status === 201 ? await app.app.get(ConnectionDirectory).byId(made.body.id as string) : undefined;
      if (connection === undefined) throw new Error(made.text);
      return connection;
    },
    publish: (connection, ...figures) => app.app.get(Publisher).publishInventory(connection, figures),
    publishOn: (basis, connection, ...figures) => app.app.get(Publisher).publishInventory(connection, figures, basis),
    stop: async () => {
      await app.stop();
      await build.remove();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Adds variants with 50 units each to a shop, and hands them out: each test trades in some that no other test touches. */
export async function freshVariants(vendure: Vendure, count: number): Promise<() => string> {
  const variants = await vendure.addProducts(Array.from({ length: count }, (_, index) => ({ sku: `SKU-${index}`, levels: [{ locationId: '1', onHand: 50 }] })));
  return () => {
    const variant = variants.shift();
    if (variant === undefined) throw new Error('no variant is left');
    return variant;
  };
}

/** Takes a feed as the hub does: each record once, each fact once by its key; and insists that a key never stands for two facts. */
export class Reader {
  cursor: string | null = null;
  readonly records = new Map<string, string>();
  readonly facts = new Map<string, StockMoved>();
  /** Why records could not be read, if any. */
  readonly failures: string[] = [];

  constructor(private readonly host: PluginHost, private readonly connection: Connection) {}

  async page(limit = 100): Promise<FeedPage> {
    const page = await this.host.pollFeed(this.connection, { feed: 'orders', cursor: this.cursor, limit });
    this.cursor = page.nextCursor;
    const fresh = page.records.filter(({ id }) => !this.records.has(id));
    for (const { id, body } of fresh) this.records.set(id, body);
    const results = await this.host.parseDeliveries(this.connection, fresh.map(({ id, topic, body }) => ({ deliveryId: id, topic, body, headers: {}, receivedAt: '2026-11-25T12:00:00Z' })));
    for (const result of results) {
      if (result.kind === 'failed') this.failures.push(result.reason);
      for (const event of result.kind === 'events' ? result.events : []) this.book(event as StockMoved);
    }
    return page;
  }

  /** To the end, page by page. */
  async catchUp(limit = 100): Promise<void> {
    for (let pages = 0; (await this.page(limit)).hasMore; pages += 1) {
      if (pages > 1_000) throw new Error('the feed does not end');
    }
  }

  /** Units sold less units given back, of one variant. */
  net(variantId: string): number {
    return [...this.facts.values()].filter(({ item }) => item.id === variantId).reduce((sum, { movement, quantity }) => sum + (movement === 'sale' ? quantity : -quantity), 0);
  }

  private book(event: StockMoved): void {
    const key = `${event.eventId}#${event.line}`;
    const known = this.facts.get(key);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(event)) throw new Error(`${key} stands for two facts`);
    this.facts.set(key, event);
  }
}
