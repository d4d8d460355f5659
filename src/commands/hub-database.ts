import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { HubError } from '../core/errors/index.js';
import { dataSourceOptions } from '../core/persistence/data-source.js';
import { Database } from '../core/persistence/database.js';
import { withCluster } from '../core/persistence/embedded/reach-cluster.js';
import type { Settings } from '../core/settings/settings.js';

/** Works on the hub's database, wherever it is, while the hub runs or while it is stopped. @throws HubError SETTINGS_INVALID where there is none. */
export async function withHubDatabase<T>({ databaseUrl, dataDir }: Settings, say: (line: string) => void, work: (database: Database) => Promise<T>): Promise<T> {
  if (databaseUrl) return connected(databaseUrl, work);
  if (!existsSync(join(dataDir, 'postgres/data/PG_VERSION'))) throw new HubError('SETTINGS_INVALID', { detail: `There is no cluster of a hub in ${dataDir}.` });
  return withCluster(dataDir, say, ({ url }) => connected(url('crossdock'), work));
}

async function connected<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const source = await new DataSource(dataSourceOptions(url, 4)).initialize();
  try {
    return await work(new Database(source));
  } finally {
    await source.destroy();
  }
}
