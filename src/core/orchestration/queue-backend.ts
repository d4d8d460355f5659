import { createPostgresBackend, runMigrations, setDefaultBackendFactory, type QueueOptions } from 'bullmq';
import type { BullRootModuleOptions } from '@nestjs/bullmq';
import pg from 'pg';
import { databaseUrlOf } from '../persistence/persistence.module.js';
import type { Settings } from '../settings/settings.js';
import { useRedis } from './redis-queue.js';

const SCHEMA = 'bullmq';

async function once<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000, application_name: 'crossdock-queue' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * The name under which an installation keeps its jobs. Hubs that share a Redis by mistake, also a copy of the database
 * beside its original on one server, do not take each other's rings. The braces keep the keys together in one slot.
 */
async function installationPrefix(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ id: string; oid: number }>('select i.id, d.oid from orchestration.installation i, pg_database d where d.datname = current_database()');
  return `{crossdock-${rows[0]?.id.slice(0, 8)}-${rows[0]?.oid}}`;
}

/**
 * The one place that knows what BullMQ stands on. @nestjs/bullmq 12 has no option for a backend and passes only the
 * connection on to workers, so the backend is set process-wide before the first queue is made. BullMQ's tables are made
 * here rather than by `migrate: true`, which runs beside the first calls and fails them on a fresh database; it finds
 * them by search_path, which its own pools set and this one connection must set for itself.
 */
export async function queueOptions(settings: Settings): Promise<BullRootModuleOptions> {
  const connectionString = databaseUrlOf(settings);
  if (settings.redis) return { prefix: await once(connectionString, installationPrefix), connection: useRedis(settings.redis) };
  await once(connectionString, (client) => runMigrations(client, SCHEMA));
  setDefaultBackendFactory(createPostgresBackend);
  const connection = { connectionString, schema: SCHEMA, max: 4, application_name: 'crossdock-queue', connectionTimeoutMillis: 5_000 };
  return { connection: connection as unknown as QueueOptions['connection'] };
}
