import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ModuleMetadata } from '@nestjs/common';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectionDirectory } from '../../src/core/connector/connection-directory.js';
import { PLUGIN_FOLDERS, type PluginFolders } from '../../src/core/connector/registry/plugin-folders.js';
import { Database } from '../../src/core/persistence/database.js';
import { startTestApp, type TestApp } from './app.js';

const manifest = (id: string, capabilities: object): object => ({
  id, publisher: 'test', name: id, version: '1.0.0', contract: 1, capabilities, configSchema: { type: 'object', properties: {} }, credentials: [], auth: [], egress: [],
});

/** Two plugins, `shop` (which publishes) and `till` (which does not), as files that are read and never run. */
function pluginFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'crossdock-named-'));
  const sink = { inventorySink: { version: 1, batchMax: 10, itemReference: 'sku', idempotency: 'emulated' } };
  for (const [id, capabilities] of [['shop', sink], ['till', {}]] as const) {
    mkdirSync(join(folder, id));
    writeFileSync(join(folder, id, 'manifest.json'), JSON.stringify(manifest(id, capabilities)));
    writeFileSync(join(folder, id, 'index.mjs'), 'export default {};');
  }
  return folder;
}

/** Modules under test with connections that exist by name, and their numbers as sources of facts. */
export interface NamedConnections extends TestApp {
  readonly sources: Readonly<Record<string, number>>;
}

export async function startWithConnections(imports: NonNullable<ModuleMetadata['imports']>, plugins: Readonly<Record<string, 'shop' | 'till'>> = {}): Promise<NamedConnections> {
  const builtin = pluginFolder();
  const folders: PluginFolders = { builtin, further: undefined, bootstrap: join(builtin, 'none.mjs') };
  const hub = await startTestApp(imports, {}, {}, { overrides: [[PLUGIN_FOLDERS, folders]] });
  const rows = await hub.app.get(Database).query<{ id: string; sourceId: number }>(
    `insert into connector.connection (id, name, plugin, config, enabled, match_items_by, allow_private_network)
     select id, id, plugin, '{}', true, 'reference', false from unnest($1::text[], $2::text[]) as w (id, plugin) returning id, source_id as "sourceId"`,
    [Object.keys(plugins), Object.values(plugins)],
  );
  await hub.app.get(ConnectionDirectory).refresh();
  return {
    ...hub,
    sources: Object.fromEntries(rows.map((row) => [row.id, row.sourceId])),
    stop: async () => {
      await hub.stop();
      rmSync(builtin, { recursive: true, force: true });
    },
  };
}
