import { Global, Module, type DynamicModule } from '@nestjs/common';
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectionDirectory } from '../../src/core/connector/connection-directory.js';
import { ConnectionStore } from '../../src/core/connector/connections/connection-store.js';
import { PLUGIN_FOLDERS } from '../../src/core/connector/registry/plugin-folders.js';
import { PluginRegistry } from '../../src/core/connector/registry/plugin-registry.js';
import { KeyRing } from '../../src/core/connector/vault/key-ring.js';
import type { Queryable } from '../../src/core/persistence/database.js';

const manifest = (id: string, capabilities: object): object => ({
  id, publisher: 'test', name: id, version: '1.0.0', contract: 1, capabilities, configSchema: { type: 'object', properties: {} }, credentials: [], auth: [], egress: [],
});

/** Two plugins, `shop` (which publishes) and `till` (which does not), as files on disk. */
function pluginFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'crossdock-plugins-'));
  const sink = { inventorySink: { version: 1, batchMax: 10, itemReference: 'sku', idempotency: 'emulated' } };
  for (const [id, capabilities] of [['shop', sink], ['till', {}]] as const) {
    mkdirSync(join(folder, id));
    writeFileSync(join(folder, id, 'manifest.json'), JSON.stringify(manifest(id, capabilities)));
    writeFileSync(join(folder, id, 'index.mjs'), 'export default {};');
  }
  return folder;
}

/** The hub's own directory of connections, without child processes. */
@Global()
@Module({})
export class TestConnections {
  static withPlugins(): DynamicModule {
    const folders = { provide: PLUGIN_FOLDERS, useValue: { builtin: pluginFolder(), further: undefined, bootstrap: '/nonexistent' } };
    return { module: TestConnections, providers: [folders, ConnectionStore, PluginRegistry, KeyRing, ConnectionDirectory], exports: [ConnectionDirectory] };
  }
}

/** Stores a connection as the admin API would, and answers its number as a source of facts. */
export async function storeConnection(db: Queryable, id: string, plugin: 'shop' | 'till'): Promise<number> {
  const [row] = await db.query<{ sourceId: number }>(
    `insert into connector.connection (id, name, plugin, config, enabled, match_items_by, allow_private_network)
     values ($1, $1, $2, '{}', true, 'reference', false) returning source_id as "sourceId"`,
    [id, plugin],
  );
  return row?.sourceId ?? 0;
}
