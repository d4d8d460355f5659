import type { ParseResult, Delivery } from '@crossdock/connector-sdk';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../src/core/connector/connection.js';
import { ConnectionDirectory } from '../../src/core/connector/connection-directory.js';
import { ConnectorModule } from '../../src/core/connector/connector.module.js';
import { LIMITS, WALL_LIMITS, type WallLimits } from '../../src/core/connector/wall/limits.js';
import { PluginHost } from '../../src/core/connector/plugin-host.js';
import { PLUGIN_FOLDERS, type PluginFolders } from '../../src/core/connector/registry/plugin-folders.js';
import type { Settings } from '../../src/core/settings/settings.js';
import { startTestApp, type TestApp } from './app.js';
import { buildPlugins } from './plugins.js';

/** The connector module behind its own HTTP door, with the plugins of test/fixtures/plugins behind the real wall. */
export interface ConnectorApp {
  readonly app: TestApp;
  readonly host: PluginHost;
  readonly directory: ConnectionDirectory;
  readonly folders: PluginFolders;
  readonly dataDir: string;
  /** Calls as the admin. */
  admin: (method: string, path: string, body?: unknown) => ReturnType<TestApp['call']>;
  /** Makes a connection over the API and gives it as the directory does. */
  connect(plugin: string, wish?: Readonly<Record<string, unknown>>): Promise<Connection>;
  parse(connection: Connection, ...deliveries: readonly Partial<Delivery>[]): Promise<readonly ParseResult[]>;
  stop(): Promise<void>;
}

export function delivery(given: Partial<Delivery> = {}, index = 0): Delivery {
  return { deliveryId: `d${index}`, topic: 'any', body: '{}', headers: {}, receivedAt: '2026-11-23T12:00:00Z', ...given };
}

/** `addPlugins` may put further plugins into the folder before the registry reads it. */
export async function startConnectorApp(limits: Partial<WallLimits> = {}, settings: Partial<Settings> = {}, addPlugins?: (folder: string) => Promise<void>): Promise<ConnectorApp> {
  const build = await buildPlugins();
  await addPlugins?.(build.folders.further ?? '');
  const dataDir = await mkdtemp(join(tmpdir(), 'crossdock-connector-'));
  const overrides = [[PLUGIN_FOLDERS, build.folders], [LIMITS, { ...WALL_LIMITS, ...limits }]] as const;
  const app = await startTestApp([ConnectorModule], { dataDir, ...settings }, {}, { overrides });
  const directory = app.app.get(ConnectionDirectory);
  const host = app.app.get(PluginHost);
  const admin: ConnectorApp['admin'] = (method, path, body) => app.call(method, path, body, { token: app.adminToken });
  return {
    app, host, directory, folders: build.folders, dataDir, admin,
    connect: async (plugin, wish = {}) => {
      const made = await admin('POST', '/admin/v1/connections', { plugin, name: plugin, config: {}, ...wish });
      const connection = made.status === 201 ? await directory.byId(made.body.id as string) : undefined;
      if (!connection) throw new Error(`no connection: ${made.text}`);
      return connection;
    },
    parse: (connection, ...deliveries) => host.parseDeliveries(connection, deliveries.map(delivery)),
    stop: async () => {
      await app.stop();
      await build.remove();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
