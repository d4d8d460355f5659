import { createHmac, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CanonicalEvent, StockMoved, StockObserved } from '@crossdock/connector-sdk';
import { ConnectionDirectory } from '../../src/core/connector/connection-directory.js';
import { LIMITS, WALL_LIMITS, type WallLimits } from '../../src/core/connector/wall/limits.js';
import { PLUGIN_FOLDERS } from '../../src/core/connector/registry/plugin-folders.js';
import { InboxConsumer } from '../../src/core/intake/inbox.consumer.js';
import { IntakeModule } from '../../src/core/intake/intake.module.js';
import { CrossReferences } from '../../src/core/mapping/cross-references.js';
import { OrchestrationModule } from '../../src/core/orchestration/orchestration.module.js';
import { WakeUps } from '../../src/core/orchestration/wake-ups.js';
import { Database } from '../../src/core/persistence/database.js';
import { CatalogHttpModule } from '../../src/modules/catalog/index.js';
import { InventoryModule } from '../../src/modules/inventory/index.js';
import type { TapeBody } from '../fixtures/plugins/tape/index.js';
import { startTestApp, type Answer, type TestApp } from './app.js';
import { buildPlugins } from './plugins.js';

export const SECRET = 'a secret of the tape';

export interface Sending {
  readonly connection?: string;
  readonly id?: string;
  readonly topic?: string;
  readonly secret?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface IntakeApp extends TestApp {
  readonly db: Database;
  /** Sends a signed delivery. */
  send(body: TapeBody | Buffer | string, sending?: Sending): Promise<Answer>;
  /** Resolves when nothing waits in the inbox that is due now. */
  settled(): Promise<void>;
  /** Calls the admin API. */
  admin(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Saves a cross-reference of `tape-1`. */
  map(entity: 'item' | 'location', type: string, externalId: string, canonical: string, connection?: string): Promise<void>;
  /** A business call with every scope. */
  api(method: string, path: string, body?: unknown): Promise<Answer>;
  sources: Readonly<Record<string, number>>;
  /** Sellable stock as `{ 'item@location': onHand }`. */
  levels(): Promise<Record<string, number>>;
  /** Connects `plugin` (tape by default) and answers the number of its source. */
  connect(id: string, wish?: { readonly plugin?: 'tape' | 'reel'; readonly secret?: string; readonly matchItemsBy?: 'reference' | 'sku' }): Promise<number>;
}

export const sign = (body: Buffer, secret = SECRET): string => createHmac('sha256', secret).update(body).digest('base64');

/**
 * The whole intake behind the real wall, with the inventory behind it: items A and B, locations store-1 and store-2, and
 * connections tape-1, tape-2 (of one plugin) and reel-1 (of another) that know them as they are called here. `further` are
 * fixtures to build beside these two.
 */
export async function startIntakeApp(limits: Partial<WallLimits> = {}, ...further: string[]): Promise<IntakeApp> {
  const build = await buildPlugins('tape', 'reel', ...further);
  const dataDir = await mkdtemp(join(tmpdir(), 'crossdock-intake-'));
  const overrides = [[PLUGIN_FOLDERS, build.folders], [LIMITS, { ...WALL_LIMITS, ...limits }]] as const;
  const test = await startTestApp([OrchestrationModule.forRole('all'), CatalogHttpModule, InventoryModule, IntakeModule], { dataDir }, {}, { overrides });
  const key = await test.client('catalog:read', 'catalog:write', 'stock:read', 'stock:write');
  const db = test.app.get(Database);
  const consumer = test.app.get(InboxConsumer);
  const wakeUps = test.app.get(WakeUps);
  const api: IntakeApp['api'] = (method, path, body) => test.call(method, `/api/v1${path}`, body, { token: key });
  const sources: Record<string, number> = {};
  const admin: IntakeApp['admin'] = (method, path, body) => test.call(method, `/admin/v1${path}`, body, { token: test.adminToken });
  const connect: IntakeApp['connect'] = async (id, { plugin = 'tape', secret = SECRET, matchItemsBy = 'reference' } = {}) => {
    const made = await admin('POST', '/connections', { id, plugin, name: id, config: {}, matchItemsBy, credentials: secret === '' ? {} : { webhookSecret: secret } });
    const connection = made.status === 201 ? await test.app.get(ConnectionDirectory).byId(id) : undefined;
    if (!connection) throw new Error(`no connection: ${made.text}`);
    return (sources[id] = connection.sourceId);
  };
  const map: IntakeApp['map'] = async (entity, type, externalId, canonical, connection = 'tape-1') => {
    // Of several outside names for one thing only one is spoken; the others are aliases.
    const [outcome] = await test.app.get(CrossReferences).save(sources[connection] ?? 0, [{ entity, type, externalId, canonical, alias: externalId !== canonical }]);
    if (outcome?.status !== 'created') throw new Error(`${externalId} was not mapped: ${outcome?.status}`);
  };
  for (const item of ['A', 'B']) await api('PUT', `/items/${item}`, { name: item });
  for (const location of ['store-1', 'store-2']) await api('PUT', `/locations/${location}`, { name: location, type: 'store' });
  for (const connection of ['tape-1', 'tape-2', 'reel-1']) {
    await connect(connection, { plugin: connection === 'reel-1' ? 'reel' : 'tape' });
    for (const item of ['A', 'B']) await map('item', 'sku-of-tape', item, item, connection);
    for (const location of ['store-1', 'store-2']) await map('location', 'place', location, location, connection);
  }
  return {
    ...test, db, api, admin, map, sources, connect,
    stop: async () => {
      await test.stop();
      await build.remove();
      await rm(dataDir, { recursive: true, force: true });
    },
    send: (given, { connection = 'tape-1', id = randomUUID(), topic = 'stock', secret = SECRET, headers = {} } = {}) => {
      const body = Buffer.isBuffer(given) ? given : Buffer.from(typeof given === 'string' ? given : JSON.stringify(given));
      const signed = { 'content-type': 'application/json', 'x-tape-hmac': sign(body, secret), 'x-tape-delivery': id, 'x-tape-topic': topic };
      return test.call('POST', `/webhooks/${connection}`, body, { headers: { ...signed, ...headers } });
    },
    settled: async () => {
      for (;;) {
        await wakeUps.idle();
        await consumer.idle();
        const [row] = await db.query<{ due: number }>(`
          select count(*) as due from intake.pending p left join intake.lane l using (source_id)
          where p.not_before <= intake.clock() and coalesce(l.not_before <= intake.clock(), true)`);
        if (row?.due === 0) return;
        wakeUps.ring('intake');
      }
    },
    levels: async () => {
      const rows = (await api('GET', '/stock-levels?limit=1000')).body.items as { item: string; location: string; condition: string; onHand: number }[];
      return Object.fromEntries(rows.filter((row) => row.condition === 'sellable').map((row) => [`${row.item}@${row.location}`, row.onHand]));
    },
  };
}

type Named<Event> = Omit<Partial<Event>, 'item' | 'location'> & { item?: string; location?: string };

export function moved({ item = 'A', location = 'store-1', ...change }: Named<StockMoved> = {}): CanonicalEvent {
  return {
    kind: 'StockMoved', eventId: randomUUID(), line: '1', movement: 'receipt', quantity: 1, occurredAt: new Date().toISOString(),
    item: { type: 'sku-of-tape', id: item }, location: { type: 'place', id: location }, ...change,
  };
}

export function observed({ item = 'A', location = 'store-1', ...change }: Named<StockObserved> = {}): CanonicalEvent {
  return {
    kind: 'StockObserved', eventId: randomUUID(), quantity: 1, asOf: new Date().toISOString(), basis: 'onHand',
    item: { type: 'sku-of-tape', id: item }, location: { type: 'place', id: location }, ...change,
  };
}
