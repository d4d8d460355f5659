import { createPostgresBackend, runMigrations, setDefaultBackendFactory, type QueueOptions } from 'bullmq';
import type { BullRootModuleOptions } from '@nestjs/bullmq';
import pg from 'pg';
import { databaseUrlOf } from '../persistence/persistence.module.js';
import type { Settings } from '../settings/settings.js';

const SCHEMA = 'bullmq';

/** BullMQ finds its tables by search_path, which its own pools set and this one connection must set for itself. */
async function migrateQueueTables(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000, application_name: 'crossdock-queue' });
  await client.connect();
  try {
    await runMigrations(client, SCHEMA);
  } finally {
    await client.end();
  }
}

/**
 * The one place that knows what BullMQ stands on. @nestjs/bullmq 12 has no option for a backend and passes only the
 * connection on to workers, so the backend is set process-wide before the first queue is made. Its tables are made
 * here rather than by `migrate: true`, which runs beside the first calls and fails them on a fresh database.
 */
export async function queueOptions(settings: Settings): Promise<BullRootModuleOptions> {
  const connectionString = databaseUrlOf(settings);
  await migrateQueueTables(connectionString);
  setDefaultBackendFactory(createPostgresBackend);
  const connection = { connectionString, schema: SCHEMA, max: 4, application_name: 'crossdock-queue', connectionTimeoutMillis: 5_000 };
  return { connection: connection as unknown as QueueOptions['connection'] };
}
