import { setTimeout } from 'node:timers/promises';
import { types } from 'pg';
import { DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { MIGRATIONS } from '../../../migrations/index.js';

// Ids, quantities and versions stay far below 2^53; as strings they would compare and add wrongly without a word.
types.setTypeParser(types.builtins.INT8, (text) => Number(text));

/**
 * Between two statements of a transaction the hub does nothing that takes time. A process that stands still there holds locks, and
 * holds back the feed of the ledger: it gets as long as others wait for its leases, and is cut off.
 */
const IDLE_IN_TRANSACTION_MS = 10_000;

export function dataSourceOptions(databaseUrl: string, poolSize = 12): DataSourceOptions {
  return {
    type: 'postgres',
    url: databaseUrl,
    migrations: [...MIGRATIONS],
    migrationsTransactionMode: 'each',
    poolSize,
    applicationName: 'crossdock',
    extra: { connectionTimeoutMillis: 5_000, statement_timeout: 60_000, idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS },
  } as DataSourceOptions;
}

const LOCK = 7267001;
const ASK_EVERY_MS = 250;

/**
 * Brings the schema up to date; safe when several replicas start at once, since one waits for the other. No statement is
 * cut off for taking long: the one that waits would fail beside a long migration, and a long migration would never end. It
 * waits by asking: a statement that waits in the database has a snapshot, for whose end an index that is made
 * concurrently by the other would wait.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const source = await new DataSource({ ...dataSourceOptions(databaseUrl, 2), extra: { connectionTimeoutMillis: 5_000 } } as DataSourceOptions).initialize();
  try {
    const runner = source.createQueryRunner();
    try {
      while (!(await tookLock(runner))) await setTimeout(ASK_EVERY_MS);
      await source.runMigrations();
      await runner.query(`select pg_advisory_unlock(${LOCK})`);
    } finally {
      await runner.release();
    }
  } finally {
    await source.destroy();
  }
}

async function tookLock(runner: QueryRunner): Promise<boolean> {
  const [row] = (await runner.query(`select pg_try_advisory_lock(${LOCK}) as taken`)) as { taken: boolean }[];
  return row?.taken === true;
}
