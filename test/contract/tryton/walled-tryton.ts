import type { CanonicalEvent, FeedPage, FeedRecord, MovementPosting, ParseResult, PostResult } from '@crossdock/connector-sdk';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../../src/core/connector/connection.js';
import { ConnectionDirectory } from '../../../src/core/connector/connection-directory.js';
import { ConnectorModule } from '../../../src/core/connector/connector.module.js';
import { PluginHost } from '../../../src/core/connector/plugin-host.js';
import { PLUGIN_FOLDERS } from '../../../src/core/connector/registry/plugin-folders.js';
import { DATABASE, HUB_USER, PASSWORD } from '../../peers/tryton/template.js';
import { startTestApp, type TestApp } from '../../support/app.js';
import { buildBuiltInPlugins } from '../../support/plugins.js';

export const FEED = 'stock-moves';

/** The built-in connector behind the real wall, and what the hub's parts would ask of it. */
export interface WalledTryton {
  readonly app: TestApp;
  readonly host: PluginHost;
  /** A connection to the ERP at `url`. */
  connect(id: string, url: string, config?: Readonly<Record<string, unknown>>, password?: string): Promise<Connection>;
  /** Polls pages until the feed has nothing more. */
  drain(connection: Connection, cursor?: string | null, limit?: number): Promise<{ readonly pages: readonly FeedPage[]; readonly records: readonly FeedRecord[]; readonly cursor: string }>;
  /** What the connector makes of records; parts that are no events are given as they are. */
  read(connection: Connection, records: readonly FeedRecord[]): Promise<readonly (CanonicalEvent | ParseResult)[]>;
  post(connection: Connection, ...postings: readonly MovementPosting[]): Promise<readonly PostResult[]>;
  admin: (method: string, path: string, body?: unknown) => ReturnType<TestApp['call']>;
  stop(): Promise<void>;
}

export async function startWalledTryton(): Promise<WalledTryton> {
  const build = await buildBuiltInPlugins('tryton');
  const dataDir = await mkdtemp(join(tmpdir(), 'crossdock-tryton-'));
  const app = await startTestApp([ConnectorModule], { dataDir }, {}, { overrides: [[PLUGIN_FOLDERS, build.folders]] });
  const host = app.app.get(PluginHost);
  const admin: WalledTryton['admin'] = (method, path, body) => app.call(method, path, body, { token: app.adminToken });
  return {
    app, host, admin,
    connect: async (id, url, config = {}, password = PASSWORD) => {
      const made = await admin('POST', '/admin/v1/connections', {
        id, plugin: 'tryton', name: id, config: { url, database: DATABASE, user: HUB_USER, ...config }, credentials: { password }, allowPrivateNetwork: true,
      });
      const connection = await app.app.get(ConnectionDirectory).byId(id);
      if (made.status !== 201 || connection === undefined) throw new Error(made.text);
      return connection;
    },
    drain: async (connection, from = null, limit = 500) => {
      const pages: FeedPage[] = [];
      let cursor: string | null = from;
      do {
        const page: FeedPage = await host.pollFeed(connection, { feed: FEED, cursor, limit });
        pages.push(page);
        cursor = page.nextCursor;
      } while (pages.at(-1)?.hasMore === true);
      return { pages, records: pages.flatMap(({ records }) => records), cursor };
    },
    read: async (connection, records) => {
      const deliveries = records.map(({ id, topic, body }) => ({ deliveryId: id, topic, body, headers: {}, receivedAt: '2026-11-23T12:00:00Z' }));
      const results = await host.parseDeliveries(connection, deliveries);
      return results.flatMap((result): readonly (CanonicalEvent | ParseResult)[] => (result.kind === 'events' ? result.events : [result]));
    },
    post: (connection, ...postings) => host.postMovements(connection, postings),
    stop: async () => {
      await app.stop();
      await build.remove();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
