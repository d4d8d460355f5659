import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate } from '../../src/core/persistence/data-source.js';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createEmptyDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

const invalid = async (): Promise<unknown[]> => (await client.query('select indexrelid::regclass::text as name from pg_index where not indisvalid')).rows;

/** Indexes are made concurrently, which waits for every snapshot: also for that of a replica that waits for its turn, if it has one. */
it('is done once when three replicas start at the same moment, and each of them comes up', async () => {
  await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)]);
  expect((await client.query('select name from migrations group by name having count(*) > 1')).rows).toEqual([]);
  expect(await invalid()).toEqual([]);
});

it('makes an index anew that a kill left half made', async () => {
  await client.query(`update pg_index set indisvalid = false where indexrelid = 'intake.delivery_topic'::regclass`);
  await client.query(`delete from migrations where name like 'DeliveryFilters%'`);
  expect(await invalid()).toEqual([{ name: 'intake.delivery_topic' }]);
  await migrate(database.url);
  expect(await invalid()).toEqual([]);
});
