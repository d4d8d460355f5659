import { types } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { MIGRATIONS } from '../../../migrations/index.js';

// Ids, quantities and versions stay far below 2^53; as strings they would compare and add wrongly without a word.
types.setTypeParser(types.builtins.INT8, (text) => Number(text));

export function dataSourceOptions(databaseUrl: string, poolSize = 12): DataSourceOptions {
  return {
    type: 'postgres',
    url: databaseUrl,
    migrations: [...MIGRATIONS],
    migrationsTransactionMode: 'each',
    poolSize,
    applicationName: 'crossdock',
    extra: { connectionTimeoutMillis: 5_000, statement_timeout: 60_000, idle_in_transaction_session_timeout: 60_000 },
  } as DataSourceOptions;
}

/**
 * Brings the schema up to date; safe when several replicas start at once, since one waits for the other. No statement is
 * cut off for taking long: the one that waits would fail beside a long migration, and a long migration would never end.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const source = await new DataSource({ ...dataSourceOptions(databaseUrl, 2), extra: { connectionTimeoutMillis: 5_000 } } as DataSourceOptions).initialize();
  try {
    const runner = source.createQueryRunner();
    try {
      await runner.query('select pg_advisory_lock(7267001)');
      await source.runMigrations();
      await runner.query('select pg_advisory_unlock(7267001)');
    } finally {
      await runner.release();
    }
  } finally {
    await source.destroy();
  }
}
