/**
 * What the wall costs, in one run: `npm run bench -- publish [--items 250] [--calls 50] [--rounds 5] [--answers-after 20]`.
 * The Shopify connector publishes the same figures twice: in its child process with the broker as its only way out, and
 * in this process with the same HTTP client. The shop is a process of its own. It answers at once, which shows the bare
 * cost in milliseconds, and then after 20 ms, sooner than any shop across the internet does, which gives the ratio.
 */
import type { CallContext, Connector, InventoryFigure } from '@crossdock/connector-sdk';
import { NestFactory } from '@nestjs/core';
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Agent } from 'undici';
import type { Connection } from '../src/core/connector/connection.js';
import { ConnectionDirectory } from '../src/core/connector/connection-directory.js';
import { Connections } from '../src/core/connector/connections/connections.js';
import { ConnectorModule } from '../src/core/connector/connector.module.js';
import { PluginHost } from '../src/core/connector/plugin-host.js';
import { PLUGIN_FOLDERS, type PluginFolders } from '../src/core/connector/registry/plugin-folders.js';
import { migrate } from '../src/core/persistence/data-source.js';
import { EmbeddedPostgres } from '../src/core/persistence/embedded/embedded-postgres.js';
import { ObservabilityModule } from '../src/core/observability/observability.module.js';
import { PersistenceModule } from '../src/core/persistence/persistence.module.js';
import { readSettings } from '../src/core/settings/settings.js';
import { SettingsModule } from '../src/core/settings/settings.module.js';
import { median, option, say, verdictAtMost } from './stage/measure.js';

const items = option('items', 250);
const calls = option('calls', 50);
const rounds = option('rounds', 5);
const answersAfterMs = option('answers-after', 20);
const TOKEN = 'shpat_bench';

let version = 0;
function figures(): InventoryFigure[] {
  version += 1;
  return Array.from({ length: items }, (_, n) => ({ item: { type: 'inventory-item', id: String(46_956_012_000_000 + n) }, available: (n * 7 + version) % 100, version }));
}

type Way = () => Promise<readonly { readonly kind: string }[]>;

interface Shop {
  readonly url: string;
  /** From now on every answer takes so long. */
  answerAfter(ms: number): Promise<void>;
  stop(): void;
}

function startShop(): Promise<Shop> {
  const child = fork(fileURLToPath(new URL('./stage/shop-server.js', import.meta.url)));
  const answerAfter = (ms: number): Promise<void> => new Promise((resolve) => {
    child.once('message', () => resolve());
    child.send(ms);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('message', (port) => resolve({ url: `http://127.0.0.1:${String(port)}`, answerAfter, stop: () => void child.kill() }));
  });
}

/** The connector in this process: no wall, no broker, and the HTTP client that the broker uses. */
async function withoutWall(folders: PluginFolders, connection: Connection): Promise<Way> {
  const { default: connector } = (await import(pathToFileURL(join(folders.builtin, 'shopify', 'index.mjs')).href)) as { default: Connector };
  const agent = new Agent({ connections: 8, pipelining: 1, allowH2: false });
  const context: CallContext = {
    connectionId: 'direct',
    config: connection.config,
    signal: new AbortController().signal,
    deadlineAt: Infinity,
    traceId: 'bench',
    log: () => undefined,
    now: () => Date.now(),
    http: async ({ method, url, headers, body }) => {
      const { origin, pathname } = new URL(url);
      const answer = await agent.request({ origin, path: pathname, method, headers: { ...headers, 'x-shopify-access-token': TOKEN }, body: body ?? null });
      return { status: answer.statusCode, headers: answer.headers as Record<string, string>, body: await answer.body.text() };
    },
  };
  return async () => (await connector.publishInventory?.(context, figures(), { feeds: {} })) ?? [];
}

/** Milliseconds of each call, one after the other: a publisher sends one batch at a time. */
async function timed(publish: Way): Promise<number> {
  const took: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const started = performance.now();
    const results = await publish();
    took.push(performance.now() - started);
    const odd = results.find((result) => result.kind !== 'applied');
    if (results.length !== items || odd) throw new Error(`not published: ${JSON.stringify(odd)}`);
  }
  return median(took);
}

/** Rounds in turn, so that a slow moment of the machine falls on both. */
async function compare(walled: Way, direct: Way, when: string): Promise<{ walled: number; direct: number }> {
  const seen = { walled: [] as number[], direct: [] as number[] };
  for (const publish of [walled, direct]) await timed(publish);
  for (let round = 0; round < rounds; round += 1) {
    seen.walled.push(await timed(walled));
    seen.direct.push(await timed(direct));
  }
  const line = (name: string, values: readonly number[]) => say(`${when}: ${name.padEnd(24)} ${median(values).toFixed(2).padStart(7)} ms a call   (${values.map((value) => value.toFixed(2)).join(', ')})`);
  line('through wall and broker', seen.walled);
  line('the same calls made here', seen.direct);
  return { walled: median(seen.walled), direct: median(seen.direct) };
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'crossdock-bench-'));
  const postgres = await EmbeddedPostgres.start({ dataDir: folder });
  const databaseUrl = await postgres.ensureDatabase('bench');
  await migrate(databaseUrl);
  const shop = await startShop();
  const settings = readSettings({ CROSSDOCK_DATA_DIR: join(folder, 'hub'), DATABASE_URL: databaseUrl });
  const app = await NestFactory.createApplicationContext({ module: class Bench {}, imports: [SettingsModule.of(settings), PersistenceModule, ObservabilityModule, ConnectorModule] }, { logger: ['error'] });
  try {
    const config = { shopUrl: shop.url, locationId: '72831205385' };
    const credentials = { accessToken: TOKEN, webhookSecret: 'bench-secret' };
    await app.get(Connections).create({ id: 'shop', plugin: 'shopify', name: 'shop', config, credentials, matchItemsBy: 'reference', allowPrivateNetwork: true, enabled: true });
    const connection = await app.get(ConnectionDirectory).byId('shop');
    if (!connection) throw new Error('the connection was not stored');
    const host = app.get(PluginHost);
    const walled: Way = () => host.publishInventory(connection, figures());
    const direct = await withoutWall(app.get<PluginFolders>(PLUGIN_FOLDERS), connection);
    say(`publish: ${items} items a call, ${rounds} rounds of ${calls} calls each way, medians`);
    const bare = await compare(walled, direct, 'the shop answers at once');
    say(`the wall and the broker cost ${(bare.walled - bare.direct).toFixed(2)} ms a call (ratio ${(bare.walled / bare.direct).toFixed(2)})`);
    await shop.answerAfter(answersAfterMs);
    const usual = await compare(walled, direct, `the shop answers after ${answersAfterMs} ms`);
    verdictAtMost('through wall and broker / the same calls made here', usual.walled / usual.direct, 1.2);
  } finally {
    await app.close();
    shop.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
