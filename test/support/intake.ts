import { createHmac, randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CanonicalEvent, ParseResult, StockMoved, StockObserved, WebhookDelivery } from '@crossdock/connector-sdk';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { ConnectionDirectory } from '../../src/core/connector/connection-directory.js';
import type { Connection } from '../../src/core/connector/connection.js';
import { ConnectionStore } from '../../src/core/connector/connections/connection-store.js';
import { PluginHost } from '../../src/core/connector/plugin-host.js';
import { PLUGIN_FOLDERS } from '../../src/core/connector/registry/plugin-folders.js';
import { PluginRegistry } from '../../src/core/connector/registry/plugin-registry.js';
import { KeyRing } from '../../src/core/connector/vault/key-ring.js';
import { HubError } from '../../src/core/errors/index.js';
import { InboxConsumer } from '../../src/core/intake/inbox.consumer.js';
import { IntakeModule } from '../../src/core/intake/intake.module.js';
import { CrossReferences } from '../../src/core/mapping/cross-references.js';
import { OrchestrationModule } from '../../src/core/orchestration/orchestration.module.js';
import { WakeUps } from '../../src/core/orchestration/wake-ups.js';
import { Database } from '../../src/core/persistence/database.js';
import { CatalogHttpModule } from '../../src/modules/catalog/index.js';
import { InventoryModule } from '../../src/modules/inventory/index.js';
import tape, { type TapeBody } from '../fixtures/plugins/tape/index.js';
import { startTestApp, type Answer, type TestApp } from './app.js';

export const SECRET = 'a secret of the tape';

/** Runs the fixture connector in this process. */
export class TapeHost extends PluginHost {
  /** Set to have every call fail so. */
  away: HubError | undefined;
  readonly calls: string[][] = [];

  async parseWebhooks(connection: Connection, deliveries: readonly WebhookDelivery[]): Promise<readonly ParseResult[]> {
    this.calls.push(deliveries.map(({ deliveryId }) => deliveryId));
    if (this.away && connection.id === 'tape-1') throw this.away;
    try {
      return await (tape.parseWebhooks as (ctx: unknown, deliveries: readonly WebhookDelivery[]) => readonly ParseResult[])(undefined, deliveries);
    } catch (cause) {
      throw new HubError('PLUGIN_FAILED', { detail: (cause as Error).message, facts: { kind: 'plugin_bug' }, cause });
    }
  }

  publishInventory(): never {
    throw new Error('the tape publishes nothing');
  }

  checkHealth(): never {
    throw new Error('the tape has no health');
  }
}

@Global()
@Module({})
class TapeConnections {
  static withPlugins(): DynamicModule {
    const folder = mkdtempSync(join(tmpdir(), 'crossdock-tape-'));
    mkdirSync(join(folder, 'tape'));
    cpSync(fileURLToPath(new URL('../fixtures/plugins/tape/manifest.json', import.meta.url)), join(folder, 'tape/manifest.json'));
    writeFileSync(join(folder, 'tape/index.mjs'), 'export default {};');
    const folders = { provide: PLUGIN_FOLDERS, useValue: { builtin: folder, further: undefined, bootstrap: '/nonexistent' } };
    const host = { provide: PluginHost, useClass: TapeHost };
    return { module: TapeConnections, providers: [folders, ConnectionStore, PluginRegistry, KeyRing, ConnectionDirectory, host], exports: [ConnectionDirectory, KeyRing, PluginHost] };
  }
}

export interface Sending {
  readonly connection?: string;
  readonly id?: string;
  readonly topic?: string;
  readonly secret?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface IntakeApp extends TestApp {
  readonly db: Database;
  readonly host: TapeHost;
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
  addConnection(id: string, secrets?: readonly string[]): Promise<number>;
}

export const sign = (body: Buffer, secret = SECRET): string => createHmac('sha256', secret).update(body).digest('base64');

/** The whole intake with the inventory behind it, items A and B, locations store-1 and store-2, and connections tape-1 and tape-2 that know them as they are called here. */
export async function startIntakeApp(): Promise<IntakeApp> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossdock-intake-'));
  const test = await startTestApp([TapeConnections.withPlugins(), OrchestrationModule.forRole('all'), CatalogHttpModule, InventoryModule, IntakeModule], { dataDir });
  const key = await test.client('catalog:read', 'catalog:write', 'stock:read', 'stock:write');
  const db = test.app.get(Database);
  const consumer = test.app.get(InboxConsumer);
  const wakeUps = test.app.get(WakeUps);
  const api: IntakeApp['api'] = (method, path, body) => test.call(method, `/api/v1${path}`, body, { token: key });
  const sources: Record<string, number> = {};
  const addConnection = async (id: string, secrets: readonly string[] = [SECRET]): Promise<number> => {
    const [row] = await db.query<{ sourceId: number }>(`
      insert into connector.connection (id, name, plugin, config, enabled, match_items_by, allow_private_network)
      values ($1, $1, 'tape', '{}', true, 'reference', false) returning source_id as "sourceId"`, [id]);
    const sourceId = row?.sourceId ?? 0;
    const vault = await test.app.get(KeyRing).vault();
    for (const [generation, secret] of secrets.entries()) {
      const { sealed, keyId } = vault.seal(sourceId, 'webhookSecret', secret);
      await db.query(`insert into connector.credential (source_id, field, generation, sealed, key_id, valid_until) values ($1, 'webhookSecret', $2, $3, $4, $5)`,
        [sourceId, generation, sealed, keyId, generation === secrets.length - 1 ? null : new Date(Date.now() + 60_000)]);
    }
    await test.app.get(ConnectionDirectory).refresh();
    sources[id] = sourceId;
    return sourceId;
  };
  const map: IntakeApp['map'] = async (entity, type, externalId, canonical, connection = 'tape-1') => {
    // Of several outside names for one thing only one is spoken; the others are aliases.
    const [outcome] = await test.app.get(CrossReferences).save(sources[connection] ?? 0, [{ entity, type, externalId, canonical, alias: externalId !== canonical }]);
    if (outcome?.status !== 'created') throw new Error(`${externalId} was not mapped: ${outcome?.status}`);
  };
  for (const item of ['A', 'B']) await api('PUT', `/items/${item}`, { name: item });
  for (const location of ['store-1', 'store-2']) await api('PUT', `/locations/${location}`, { name: location, type: 'store' });
  for (const connection of ['tape-1', 'tape-2']) {
    await addConnection(connection);
    for (const item of ['A', 'B']) await map('item', 'sku-of-tape', item, item, connection);
    for (const location of ['store-1', 'store-2']) await map('location', 'place', location, location, connection);
  }
  return {
    ...test, db, api, map, sources, addConnection,
    host: test.app.get(PluginHost) as TapeHost,
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
    admin: (method, path, body) => test.call(method, `/admin/v1${path}`, body, { token: test.adminToken }),
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
