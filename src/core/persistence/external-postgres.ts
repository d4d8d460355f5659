import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { HubError } from '../errors/index.js';

const OLDEST_VERSION = 160_000;
const WAIT_MS = 30_000;

/** Wrong password, no such database, no right to connect: waiting changes none of these. */
const HOPELESS = new Set(['28P01', '28000', '3D000', '42501']);

async function serverVersion(connectionString: string): Promise<number> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version_num: string }>('show server_version_num');
    return Number(rows[0]?.server_version_num);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Never the whole URL: it holds the password. */
function place(databaseUrl: string): string {
  try {
    const { hostname, port, pathname } = new URL(databaseUrl);
    return `${hostname || 'localhost'}:${port || '5432'}${pathname}`;
  } catch {
    throw new HubError('SETTINGS_INVALID', { detail: 'DATABASE_URL cannot be read as a URL; characters such as @ and / in the password must be percent-encoded.' });
  }
}

/**
 * Waits until an external Postgres answers, half a minute at most because it may be starting beside the hub, and
 * checks its version.
 * @throws HubError DATABASE_UNAVAILABLE, DATABASE_UNSUPPORTED or SETTINGS_INVALID.
 */
export async function checkExternalPostgres(databaseUrl: string, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const where = place(databaseUrl);
  const deadline = Date.now() + WAIT_MS;
  for (let told = false; ; ) {
    try {
      const version = await serverVersion(databaseUrl);
      if (version >= OLDEST_VERSION) return;
      throw new HubError('DATABASE_UNSUPPORTED', { detail: `The Postgres at ${where} is version ${Math.floor(version / 10_000)}; Crossdock needs 16 or newer.` });
    } catch (cause) {
      if (cause instanceof HubError) throw cause;
      const { code, message } = cause as { code?: string; message: string };
      if (HOPELESS.has(code ?? '') || Date.now() > deadline || signal.aborted) {
        throw new HubError('DATABASE_UNAVAILABLE', { detail: `The Postgres at ${where} (DATABASE_URL) cannot be used: ${message || code}`, cause });
      }
      if (!told) say(`waiting for the Postgres at ${where}`);
      told = true;
      await sleep(500, undefined, { signal }).catch(() => undefined);
    }
  }
}
