import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/core/connector/connection.js';
import { delivery, startConnectorApp, type ConnectorApp } from '../support/connector.js';
import { bundlePlugin } from '../support/plugins.js';

const GUIDE = fileURLToPath(new URL('../../docs/connectors/README.md', import.meta.url));

let hub: ConnectorApp;
let shop: Server;
let connection: Connection;
const received: { url: string | undefined; authorization: string | undefined; body: string }[] = [];

function block(page: string, language: string): string {
  const found = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1];
  if (!found) throw new Error(`the guide has no block of ${language}`);
  return found;
}

beforeAll(async () => {
  shop = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      received.push({ url: request.url, authorization: request.headers.authorization, body });
      response.end(request.url === '/levels' ? '{"unknown":["B"]}' : '{}');
    });
  });
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  const page = await readFile(GUIDE, 'utf8');
  hub = await startConnectorApp({}, {}, async (further) => {
    const source = join(further, '..', 'source', 'corner-shop');
    await mkdir(source, { recursive: true });
    await writeFile(join(source, 'index.ts'), block(page, 'ts'));
    await writeFile(join(source, 'manifest.json'), block(page, 'json'));
    await bundlePlugin(source, join(further, 'corner-shop'));
  });
  const baseUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  connection = await hub.connect('corner-shop', { id: 'high-street', matchItemsBy: 'sku', config: { baseUrl }, credentials: { apiKey: 'the-api-key', webhookSecret: 'a secret' }, allowPrivateNetwork: true });
});

afterAll(async () => {
  await hub.stop();
  shop.close();
});

describe('the connector of the guide', () => {
  it('is accepted as it stands on the page', async () => {
    const { body } = await hub.admin('GET', '/admin/v1/plugins');
    expect((body.items as { id: string }[]).map((item) => item.id)).toContain('corner-shop');
  });

  it('passes its test', async () => {
    expect((await hub.admin('POST', '/admin/v1/connections/high-street/test')).body).toMatchObject({ ok: true, detail: 'The shop knows us.' });
    expect(received.at(-1)).toMatchObject({ url: '/me', authorization: 'Bearer the-api-key' });
  });

  it('reads a sale, ignores what it does not know and fails on what it cannot read', async () => {
    const sale = { id: '7', soldAt: '2026-11-23T10:00:00Z', store: 'S1', lines: [{ sku: 'A', units: 2 }, { sku: 'A', units: 1 }] };
    const results = await hub.host.parseDeliveries(connection, [delivery({ topic: 'sale', body: JSON.stringify(sale) }), delivery({ topic: 'stocktake' }), delivery({ topic: 'sale', body: '<xml/>' })]);
    expect(results.map((result) => result.kind)).toEqual(['events', 'ignored', 'failed']);
    expect(results[0]).toMatchObject({ events: [{ eventId: 'sale:7', line: '1', quantity: 2 }, { eventId: 'sale:7', line: '2', quantity: 1 }] });
  });

  it('publishes and reads the error inside the 200', async () => {
    const results = await hub.host.publishInventory(connection, ['A', 'B'].map((id) => ({ item: { type: 'sku', id }, available: 3, version: 1 })));
    expect(results).toEqual([{ kind: 'applied' }, { kind: 'rejected', code: 'unknown-sku', detail: 'The shop has no B.' }]);
    expect(JSON.parse(received.at(-1)?.body ?? '')).toEqual([{ sku: 'A', available: 3 }, { sku: 'B', available: 3 }]);
  });
});
