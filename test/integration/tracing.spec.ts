import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConnectionDirectory } from '../../src/core/connector/connection-directory.js';
import { PLUGIN_FOLDERS } from '../../src/core/connector/registry/plugin-folders.js';
import { IntakeModule } from '../../src/core/intake/intake.module.js';
import { CrossReferences } from '../../src/core/mapping/cross-references.js';
import { traceIdOf } from '../../src/core/observability/tracing/trace-ids.js';
import { OrchestrationModule } from '../../src/core/orchestration/orchestration.module.js';
import { CatalogHttpModule } from '../../src/modules/catalog/index.js';
import { InventoryModule } from '../../src/modules/inventory/index.js';
import { startTestApp, type Answer, type TestApp } from '../support/app.js';
import { Collector, type CollectedSpan } from '../support/tracing/collector.js';
import { buildPlugins, type PluginBuild } from '../support/plugins.js';
import { BooksServer } from '../support/posting/books.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLERS_SPAN = 'b7ad6b7169203331';
const SECRET = 'a secret of the shop';

const collector = new Collector();
const books = new BooksServer();
const dataDir = mkdtempSync(join(tmpdir(), 'crossdock-tracing-'));
let build: PluginBuild;
let hub: TestApp;
let key: string;
let shop: Server;
let shopHeard: { headers: Readonly<Record<string, unknown>>; body: string }[] = [];
let stopped = false;

const must = async (answer: Promise<Answer>): Promise<void> => {
  const { status, text } = await answer;
  if (status >= 300) throw new Error(text);
};
const receive = (eventId: string, headers: Record<string, string>): Promise<Answer> =>
  hub.call('POST', '/api/v1/stock-movements', { movements: [{ eventId, kind: 'receipt', item: 'A', quantity: 5, location: 'store-1', occurredAt: new Date().toISOString() }] }, { token: key, headers });
const deliver = (sale: object, headers: Record<string, string>): Promise<Answer> => {
  const body = Buffer.from(JSON.stringify(sale));
  return hub.call('POST', '/webhooks/shop/sale', body, { headers: { 'content-type': 'application/json', 'x-delivery': JSON.stringify(sale), 'x-signature': createHmac('sha256', SECRET).update(body).digest('base64'), ...headers } });
};
const inTrace = (traceId: string) => (span: CollectedSpan): boolean => span.traceId === traceId;
const until = <Value>(look: () => Value) => expect.poll(look, { timeout: 30_000 });

beforeAll(async () => {
  const endpoint = `${await collector.start()}/v1/traces`;
  build = await buildPlugins('healthy', 'books');
  shop = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
      shopHeard.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  const tracing = { endpoint, headers: { 'x-tenant': 'one' }, serviceName: 'hub-under-test' };
  hub = await startTestApp([OrchestrationModule.forRole('all'), CatalogHttpModule, InventoryModule, IntakeModule], { dataDir, tracing }, {}, { overrides: [[PLUGIN_FOLDERS, build.folders]] });
  key = await hub.client('catalog:write', 'stock:write');
  await must(hub.call('PUT', '/api/v1/items/A', { name: 'A' }, { token: key }));
  await must(hub.call('PUT', '/api/v1/locations/store-1', { name: 'Store', type: 'store' }, { token: key }));
  await must(hub.call('POST', '/admin/v1/connections', { id: 'shop', plugin: 'healthy', name: 'Shop', config: { baseUrl, path: '/stock' }, credentials: { token: 't', webhookSecret: SECRET }, matchItemsBy: 'sku', allowPrivateNetwork: true }, { token: hub.adminToken }));
  const source = (await hub.app.get(ConnectionDirectory).byId('shop'))?.sourceId ?? 0;
  await hub.app.get(CrossReferences).save(source, [{ entity: 'location', type: 'location', externalId: 'shop', canonical: 'store-1', alias: false }]);
  await must(hub.call('POST', '/admin/v1/connections', { id: 'erp', plugin: 'books', name: 'ERP', config: { host: await books.start() }, credentials: { token: 't' }, allowPrivateNetwork: true }, { token: hub.adminToken }));
  const erp = (await hub.app.get(ConnectionDirectory).byId('erp'))?.sourceId ?? 0;
  await hub.app.get(CrossReferences).save(erp, [{ entity: 'item', type: 'product', externalId: 'p-A', canonical: 'A', alias: false }, { entity: 'location', type: 'place', externalId: 'main', canonical: 'store-1', alias: false }]);
  await must(hub.call('PUT', '/admin/v1/connections/erp/posting', { from: 'now' }, { token: hub.adminToken }));
  await must(hub.call('PUT', '/api/v1/channels/web', { name: 'Web', locations: ['store-1'], connection: 'shop' }, { token: key }));
});

afterAll(async () => {
  if (!stopped) await hub?.stop();
  collector.stop();
  books.stop();
  shop?.closeAllConnections();
  shop?.close();
  await build?.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a trace', () => {
  it('follows a webhook by one correlation id, from the caller who sent a traceparent to publication and posting', async () => {
    await must(receive('first', { 'x-correlation-id': 'first' }));
    await until(() => collector.named('channel.tell', inTrace(traceIdOf('first'))).length).toBeGreaterThan(0);
    shopHeard = [];
    await must(deliver({ id: 'sale-1', sku: 'A', units: 2 }, { traceparent: `00-${TRACE}-${CALLERS_SPAN}-01` }));
    await until(() => collector.spans.filter(inTrace(TRACE)).map(({ name }) => name).sort()).toEqual(expect.arrayContaining(['POST /webhooks/:connectionId/:topic', 'books.post', 'channel.tell', 'delivery.read', 'ledger.commit']));
    const [door] = collector.named('POST /webhooks/:connectionId/:topic', inTrace(TRACE));
    expect(door).toMatchObject({ parentSpanId: CALLERS_SPAN, kind: 2, service: 'hub-under-test', attributes: { 'http.response.status_code': 202, 'http.request.method': 'POST' } });
    for (const span of collector.spans.filter(inTrace(TRACE))) expect([span.name, span.attributes['crossdock.correlation_id']]).toEqual([span.name, TRACE]);
    expect(collector.headers[0]).toMatchObject({ 'x-tenant': 'one' });
    // What the outside system hears has nothing of it.
    expect(shopHeard.length).toBeGreaterThan(0);
    expect(JSON.stringify(shopHeard)).not.toContain(TRACE);
  });

  it('leads from its part to the batch, and from there to the call of the plugin and its request', async () => {
    const [tell] = collector.named('channel.tell', inTrace(TRACE));
    await until(() => collector.named('channel.batch', ({ spanId }) => spanId === tell?.links[0]?.spanId).length).toBe(1);
    const [batch] = collector.named('channel.batch', ({ spanId }) => spanId === tell?.links[0]?.spanId);
    expect(batch?.traceId).not.toBe(TRACE);
    expect(batch?.links).toContainEqual(expect.objectContaining({ traceId: TRACE, spanId: tell?.spanId }));
    expect(batch?.attributes).toMatchObject({ 'crossdock.connection': 'shop', 'crossdock.told': 1 });
    const [call] = collector.named('plugin.call', ({ parentSpanId }) => parentSpanId === batch?.spanId);
    expect(call?.attributes).toMatchObject({ 'crossdock.plugin': 'healthy', 'crossdock.method': 'publishInventory' });
    const [request] = collector.named('egress.request', ({ parentSpanId }) => parentSpanId === call?.spanId);
    expect(request).toMatchObject({ traceId: batch?.traceId, kind: 3, attributes: { 'http.response.status_code': 200 } });
  });

  it('is found by computing its id from a correlation id, and points at a caller whose trace is another', async () => {
    await must(receive('second', { 'x-correlation-id': 'order-77', traceparent: `00-${TRACE}-${CALLERS_SPAN}-01` }));
    await until(() => collector.spans.filter(inTrace(traceIdOf('order-77'))).map(({ name }) => name)).toEqual(expect.arrayContaining(['POST /api/v1/stock-movements', 'ledger.commit', 'channel.tell']));
    const [door] = collector.named('POST /api/v1/stock-movements', inTrace(traceIdOf('order-77')));
    expect(door?.links).toEqual([expect.objectContaining({ traceId: TRACE, spanId: CALLERS_SPAN })]);
    expect(door?.parentSpanId ?? '').toBe('');
  });

  it('fails by a code, not by what somebody said', async () => {
    const answer = await deliver({ id: 'x' }, { 'x-signature': 'a canary', 'x-correlation-id': 'forged' });
    expect(answer.status).toBe(401);
    await until(() => collector.spans.filter(inTrace(traceIdOf('forged'))).map(({ attributes }) => attributes['http.response.status_code'])).toEqual([401]);
    expect(collector.bodies.join('')).not.toMatch(/a canary|sale-1|a secret/);
  });

  it('does without spans, and without harm, while the collector is away, and counts them', async () => {
    collector.stop();
    await must(receive('third', { 'x-correlation-id': 'third' }));
    const metrics = async (): Promise<string> => (await hub.call('GET', '/metrics')).text;
    await until(metrics).toMatch(/^crossdock_trace_spans_total\{outcome="failed"\} [1-9]/m);
    expect(await metrics()).toMatch(/^crossdock_trace_spans_total\{outcome="exported"\} [1-9]/m);
    const began = performance.now();
    stopped = true;
    await hub.stop();
    expect(performance.now() - began).toBeLessThan(15_000);
  });
});
