import type { InventoryFigure } from '@crossdock/connector-sdk';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/core/connector/connection.js';
import { ConnectionDirectory } from '../../src/core/connector/connection-directory.js';
import { ConnectorModule } from '../../src/core/connector/connector.module.js';
import { PluginHost } from '../../src/core/connector/plugin-host.js';
import { Publisher } from '../../src/core/connector/publisher.js';
import { PLUGIN_FOLDERS } from '../../src/core/connector/registry/plugin-folders.js';
import { ABSENT, excerptSchema, officialSchema } from '../contract/shopify/real-data.js';
import { ShopUnderTest } from '../contract/shopify/shop-under-test.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { buildBuiltInPlugins, type PluginBuild } from '../support/plugins.js';

const figure = (id: number, available: number, version = 1): InventoryFigure => ({ item: { type: 'inventory-item', id: String(id) }, available, version });
const gid = (id: number) => `gid://shopify/InventoryItem/${id}`;

describe('Shopify behind the wall', () => {
  let build: PluginBuild;
  let dataDir: string;
  let app: TestApp;
  let shop: ShopUnderTest;
  let connection: Connection;
  let connections = 0;

  const admin = (method: string, path: string, body?: unknown) => app.call(method, path, body, { token: app.adminToken });
  const publish = (...figures: InventoryFigure[]) => app.app.get(Publisher).publishInventory(connection, figures);

  beforeAll(async () => {
    build = await buildBuiltInPlugins('shopify');
    dataDir = await mkdtemp(join(tmpdir(), 'crossdock-shopify-'));
    app = await startTestApp([ConnectorModule], { dataDir }, {}, { overrides: [[PLUGIN_FOLDERS, build.folders]] });
  });
  afterAll(async () => {
    await app.stop();
    await build.remove();
    await rm(dataDir, { recursive: true, force: true });
  });

  beforeEach(async () => {
    shop = new ShopUnderTest(ABSENT === undefined ? officialSchema() : excerptSchema());
    connections += 1;
    const made = await admin('POST', '/admin/v1/connections', {
      id: `shop-${connections}`,
      plugin: 'shopify',
      name: 'Mugs & More',
      config: { shopUrl: await shop.start(), locationId: '111', defaultLocationId: '222' },
      credentials: { accessToken: 'shpat_test', webhookSecret: 'hush-hush' },
      allowPrivateNetwork: true,
    });
    const stored = await app.app.get(ConnectionDirectory).byId(`shop-${connections}`);
    if (stored === undefined) throw new Error(made.text);
    connection = stored;
  });
  afterEach(() => shop.stop());

  it('is tested by a call that carries the token, which the connector never had', async () => {
    expect((await admin('POST', `/admin/v1/connections/${connection.id}/test`)).body).toMatchObject({ detail: 'Mugs & More (Basic), publishing to Warehouse, Admin API 2026-07' });
    expect(shop.calls[0]?.headers['x-shopify-access-token']).toBe('shpat_test');
    expect(JSON.stringify(connection)).not.toMatch(/shpat_test|hush-hush/);
  });

  it('publishes a batch of 250 and a rest, and isolates the items that Shopify refuses', async () => {
    shop.unstocked.add(gid(7));
    const results = await publish(...Array.from({ length: 260 }, (_, index) => figure(index + 1, index)));
    expect(results.map((result) => result.kind)).toEqual(Array.from({ length: 260 }, (_, index) => (index === 6 ? 'rejected' : 'applied')));
    expect(results[6]).toMatchObject({ code: 'ITEM_NOT_STOCKED_AT_LOCATION' });
    expect(shop.calls.map((call) => call.variables.input.quantities.length)).toEqual([250, 249, 10]);
    expect([shop.quantities.size, shop.quantities.get(gid(260))]).toEqual([259, 259]);
  });

  it('answers ambiguous when the answer is lost after the effect, and the repeat has none', async () => {
    shop.faults.push({ executed: true, respond: (response) => void response.destroy() });
    expect((await publish(figure(1, 5))).map((result) => result.kind)).toEqual(['ambiguous']);
    expect((await publish(figure(1, 5))).map((result) => result.kind)).toEqual(['applied']);
    expect(shop.calls[1]?.variables.idempotencyKey).toBe(shop.calls[0]?.variables.idempotencyKey);
  });

  it('comes again when asked to: a 429 holds the whole connection, a 503 is ambiguous', async () => {
    shop.faults.push({ executed: false, respond: (response) => void response.writeHead(503).end('<html>') });
    expect((await publish(figure(1, 5))).map((result) => result.kind)).toEqual(['ambiguous']);
    shop.faults.push({ executed: false, respond: (response) => void response.writeHead(429, { 'retry-after': '30.0' }).end() });
    expect(await publish(figure(1, 5))).toEqual([{ kind: 'retry', afterMs: 30_000, reason: 'Shopify answered 429' }]);
    const [held] = await publish(figure(1, 5));
    expect(held?.kind === 'retry' ? held.afterMs : 0).toBeGreaterThan(20_000);
    expect(shop.calls).toHaveLength(2);
  });

  it('waits for a person when the token is not accepted or the location unknown, and goes on once that is mended', async () => {
    await admin('PUT', `/admin/v1/connections/${connection.id}/credentials`, { credentials: { accessToken: 'shpat_revoked' } });
    await expect(publish(figure(1, 5))).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' });
    await admin('PUT', `/admin/v1/connections/${connection.id}/credentials`, { credentials: { accessToken: 'shpat_test' } });
    expect((await publish(figure(1, 5))).map((result) => result.kind)).toEqual(['applied']);
    shop.locations.clear();
    await expect(publish(figure(1, 6, 2))).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' });
  });

  it('is not reached over plain http or at a private address without the admin’s grant', async () => {
    for (const [index, shopUrl] of [connection.config['shopUrl'], 'https://127.0.0.1:9', 'http://example.myshopify.com'].entries()) {
      const id = `shop-${connections}-public-${index}`;
      const credentials = { accessToken: 'shpat_test', webhookSecret: 'hush-hush' };
      expect((await admin('POST', '/admin/v1/connections', { id, plugin: 'shopify', name: 'x', config: { ...connection.config, shopUrl }, credentials })).status).toBe(201);
      expect((await admin('POST', `/admin/v1/connections/${id}/test`)).body).toMatchObject({ ok: false, code: 'EGRESS_REFUSED', kind: 'permission' });
    }
    expect(shop.calls).toHaveLength(0);
  });

  it('reads deliveries in batches, with every digit of their ids', async () => {
    const fixture = (name: string) => readFile(new URL(`../../src/plugins/shopify/fixtures/${name}.json`, import.meta.url), 'utf8');
    const order = (await fixture('order-create')).replaceAll('5968241066121', '820982911946154508');
    const told = [
      { topic: 'orders/create', body: order },
      { topic: 'orders/create', body: '{' },
      { topic: 'refunds/create', body: await fixture('refund-create') },
      { topic: 'inventory_levels/update', body: await fixture('inventory-level-update') },
      { topic: 'products/update', body: '{}' },
    ];
    const deliveries = Array.from({ length: 300 }, (_, index) => ({ deliveryId: `d${index}`, headers: {}, receivedAt: '2026-11-20T12:00:00Z', topic: '', body: '', ...told[index % told.length] }));
    const results = await app.app.get(PluginHost).parseDeliveries(connection, deliveries);
    expect(results.slice(0, 5).map((result) => result.kind)).toEqual(['events', 'failed', 'events', 'events', 'ignored']);
    expect(results[0]).toMatchObject({ events: [{ eventId: 'order/820982911946154508', location: { id: '222' } }, {}] });
    expect(results).toHaveLength(300);
    expect(results[299]).toEqual(results[4]);
  });
});
