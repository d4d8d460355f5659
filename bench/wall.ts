/**
 * What the wall costs: publishing 250 items through plugin process and egress broker, against the same HTTP calls made by
 * the hub itself: `npm run bench -- wall [--rounds 200] [--delay 20]`. The channel answers after so many milliseconds;
 * a shop's own API takes a hundred and more. Also: what a child costs in memory, and parsing 500 webhooks of 2 KB.
 */
import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent } from 'undici';
import type { Connection } from '../src/core/connector/connection.js';
import { ConnectorModule } from '../src/core/connector/connector.module.js';
import { ConnectionDirectory } from '../src/core/connector/connection-directory.js';
import { Connections } from '../src/core/connector/connections/connections.js';
import { WalledPluginHost } from '../src/core/connector/host/walled-plugin-host.js';
import { PluginHost } from '../src/core/connector/plugin-host.js';
import { Publisher } from '../src/core/connector/publisher.js';
import { migrate } from '../src/core/persistence/data-source.js';
import { ObservabilityModule } from '../src/core/observability/observability.module.js';
import { EmbeddedPostgres } from '../src/core/persistence/embedded/embedded-postgres.js';
import { PersistenceModule } from '../src/core/persistence/persistence.module.js';
import { readSettings } from '../src/core/settings/settings.js';
import { SettingsModule } from '../src/core/settings/settings.module.js';
import { median, option, say } from './stage/measure.js';

const ITEMS = 250;
const rounds = option('rounds', 200);
const delayMs = option('delay', 20);

function startChannel(): Promise<{ url: string; stop(): void }> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { updates } = JSON.parse(Buffer.concat(pieces).toString('utf8')) as { updates: { sku: string }[] };
      const body = JSON.stringify({ results: updates.map(({ sku }) => ({ sku, status: 'ok' })) });
      setTimeout(() => response.setHeader('content-type', 'application/json').end(body), delayMs);
    });
  });
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop })));
}

async function times(act: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedAt = performance.now();
    await act();
    taken.push(performance.now() - startedAt);
  }
  return median(taken);
}

async function measure(connection: Connection, publisher: Publisher, url: string): Promise<void> {
  const figures = Array.from({ length: ITEMS }, (_, index) => ({ item: { type: 'sku', id: `SKU-${index}` }, available: index, version: 1 }));
  const batchMax = connection.manifest.capabilities.inventorySink?.batchMax ?? ITEMS;
  const agent = new Agent({ allowH2: false });
  const direct = async (): Promise<void> => {
    for (let start = 0; start < ITEMS; start += batchMax) {
      const body = JSON.stringify({ updates: figures.slice(start, start + batchMax).map(({ item, available, version }) => ({ sku: item.id, quantity: available, version })) });
      const answer = await agent.request({ origin: url, path: '/v1/inventory', method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer bench' }, body });
      const { results } = (await answer.body.json()) as { results: unknown[] };
      if (results.length === 0) throw new Error('the channel took nothing');
    }
  };
  const walled = async (): Promise<void> => {
    const results = await publisher.publishInventory(connection, figures);
    if (!results.every((result) => result.kind === 'applied')) throw new Error(JSON.stringify(results.find((result) => result.kind !== 'applied')));
  };
  await walled();
  await direct();
  // In turns, so that a busy neighbour falls on both.
  const ratios: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    const [hubItself, throughWall] = [await times(direct), await times(walled)];
    ratios.push(throughWall / hubItself);
    say(`  turn ${turn + 1}: the hub itself ${hubItself.toFixed(2)} ms, through wall and broker ${throughWall.toFixed(2)} ms`);
  }
  const ratio = median(ratios);
  say(`${ratio <= 1.2 ? 'reached' : 'MISSED '}  publishing ${ITEMS} items in batches of ${batchMax}, the channel answering in ${delayMs} ms: ${ratio.toFixed(2)} (at most 1.2)`);
  await agent.close();
}

async function measureParsing(connection: Connection, host: PluginHost): Promise<void> {
  const padding = 'x'.repeat(1_800);
  const deliveries = Array.from({ length: 500 }, (_, index) => ({
    deliveryId: `d${index}`, topic: 'order.created', headers: {}, receivedAt: new Date().toISOString(), body: JSON.stringify({ id: `o${index}`, padding }),
  }));
  say(`parsing 500 deliveries of 2 KB in one call: ${(await times(() => host.parseDeliveries(connection, deliveries))).toFixed(1)} ms`);
}

const folder = mkdtempSync(join(tmpdir(), 'crossdock-bench-'));
const postgres = await EmbeddedPostgres.start({ dataDir: folder });
const databaseUrl = await postgres.ensureDatabase('bench');
await migrate(databaseUrl);
const settings = { ...readSettings({ CROSSDOCK_PLUGINS_DIR: fileURLToPath(new URL('../lab-plugins', import.meta.url)), CROSSDOCK_DATA_DIR: join(folder, 'hub') }), databaseUrl };

@Module({ imports: [SettingsModule.of(settings), PersistenceModule, ObservabilityModule, ConnectorModule] })
class BenchModule {}

const channel = await startChannel();
const app = await NestFactory.createApplicationContext(BenchModule, { logger: ['error'] });
try {
  const wish = { plugin: 'marketplace', name: 'bench', config: { baseUrl: channel.url }, allowPrivateNetwork: true, matchItemsBy: 'sku', enabled: true } as const;
  const made = await app.get(Connections).create({ ...wish, credentials: { apiKey: 'bench-key', webhookSecret: 'bench-secret' } });
  const connection = (await app.get(ConnectionDirectory).byId(made.id)) as Connection;
  await measure(connection, app.get(Publisher), channel.url);
  await measureParsing(connection, app.get(PluginHost));
  const { residentBytes = 0 } = await app.get(WalledPluginHost).report('marketplace');
  say(`${residentBytes <= 60 * 1_048_576 ? 'reached' : 'MISSED '}  resident memory of the active child: ${Math.round(residentBytes / 1_048_576)} MB (at most 60)`);
} finally {
  await app.close();
  channel.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
