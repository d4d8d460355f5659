import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HubError } from '../../errors/index.js';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { HubLock } from './hub-lock.js';

/** A way to the databases of the embedded cluster. */
export interface Reached {
  readonly url: (database: string) => string;
  /** Whether a hub runs on it meanwhile. */
  readonly online: boolean;
}

/** Works on the embedded cluster beside the hub that runs on it, or on a Postgres that is started for it and stopped afterwards. @throws HubError POSTGRES_FAILED */
export async function withCluster<T>(dataDir: string, say: (line: string) => void, work: (reached: Reached) => Promise<T>): Promise<T> {
  const lock = takeLock(dataDir);
  if (!lock) return work({ url: await runningUrl(dataDir), online: true });
  say('the hub is stopped: starting its Postgres');
  try {
    const server = await EmbeddedPostgres.start({ dataDir });
    try {
      return await work({ url: (database) => server.url(database), online: false });
    } finally {
      await server.stop();
    }
  } finally {
    lock.release();
  }
}

function takeLock(dataDir: string): HubLock | undefined {
  try {
    return HubLock.take(dataDir);
  } catch (error) {
    if (error instanceof HubError && error.code === 'DATA_DIR_IN_USE') return undefined;
    throw error;
  }
}

async function runningUrl(dataDir: string): Promise<(database: string) => string> {
  const { password } = JSON.parse(await readFile(join(dataDir, 'postgres.json'), 'utf8')) as { password: string };
  const port = (await readFile(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[3];
  return (database) => `postgres://crossdock:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}
