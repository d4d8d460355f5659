import type pg from 'pg';
import { expect } from 'vitest';

const LOCK = 4711;
const WAITING = `select pid from pg_locks where locktype = 'advisory' and objid = ${LOCK} and not granted and database = (select oid from pg_database where datname = current_database())`;

/** Makes every write of a kind (`insert on schema.table`) stand still within Postgres, until `killWhereItStands`. */
export async function standStillAt(sql: pg.Client, event: string): Promise<void> {
  await sql.query(`create function stand_still() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(${LOCK}); return new; end $$`);
  await sql.query(`create trigger stand_still before ${event} for each row execute function stand_still()`);
  await sql.query(`select pg_advisory_lock(${LOCK})`);
}

/** Kills a process whose write stands still, and takes the obstacle away: the write was never made. */
export async function killWhereItStands(sql: pg.Client, kill: () => Promise<void>): Promise<void> {
  await expect.poll(async () => (await sql.query(WAITING)).rowCount, { timeout: 15_000 }).toBe(1);
  await kill();
  // Postgres notices that its client is gone only when it has something to say to it.
  await sql.query(`select pg_terminate_backend(pid) from (${WAITING}) w`);
  await expect.poll(async () => (await sql.query(WAITING)).rowCount).toBe(0);
  await sql.query('drop function stand_still cascade');
  await sql.query(`select pg_advisory_unlock(${LOCK})`);
}

/** So much later by the clock that whatever ends by time goes by; for connections that are made from now on. */
export async function shiftClock(sql: pg.Client, by: string): Promise<void> {
  await sql.query(`do $$ begin execute format('alter database %I set crossdock.clock_shift = %L', current_database(), '${by}'); end $$`);
}
