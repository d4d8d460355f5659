import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Connection } from '../../src/core/connector/connection.js';
import { ReadSoFar } from '../../src/core/intake/read-so-far.js';
import { StockFactsModule } from '../../src/core/intake/stock-facts.module.js';
import { Database } from '../../src/core/persistence/database.js';
import { startTestApp, type TestApp } from '../support/app.js';

let app: TestApp;
let database: Database;
let readSoFar: ReadSoFar;
let sourceId = 100;

const connection = (sources?: object): Connection => ({ sourceId, manifest: { capabilities: { sources } } }) as unknown as Connection;
const ask = () => readSoFar.feeds(connection({}));
const stand = (cursor: string | null) =>
  database.execute("insert into intake.feed (source_id, name, cursor) values ($1, 'orders', $2) on conflict (source_id, name) do update set cursor = excluded.cursor", [sourceId, cursor]);
const wait = (delivery: number) => database.execute('insert into intake.pending (source_id, delivery_id) values ($1, $2)', [sourceId, delivery]);
const booked = () => database.execute('delete from intake.pending where source_id = $1', [sourceId]);

beforeAll(async () => {
  app = await startTestApp([StockFactsModule], {}, {}, { claimed: false });
  database = app.app.get(Database);
  readSoFar = app.app.get(ReadSoFar);
});
beforeEach(() => {
  sourceId += 1;
});
afterAll(() => app.stop());

it('knows nothing of a connection without feeds, nor of a feed that was not polled yet', async () => {
  expect(await readSoFar.feeds(connection())).toEqual({});
  await stand(null);
  expect(await ask()).toEqual({});
});

it('says where a feed stands once its records are booked, and stays with that while others wait', async () => {
  await stand('a');
  expect(await ask()).toEqual({ orders: 'a' });
  await stand('b');
  await wait(1);
  expect(await ask()).toEqual({ orders: 'a' });
  await booked();
  expect(await ask()).toEqual({ orders: 'b' });
});

it('cannot tell where records have waited since it began', async () => {
  await stand('b');
  await wait(1);
  expect(await ask()).toEqual({ orders: null });
});

it('waits the moment that a delivery takes to leave the queue', async () => {
  await stand('b');
  await wait(1);
  const answer = ask();
  await booked();
  expect(await answer).toEqual({ orders: 'b' });
});

it('minds no other connection', async () => {
  await stand('a');
  await wait(1);
  sourceId += 1;
  await stand('c');
  expect(await ask()).toEqual({ orders: 'c' });
});
