/**
 * The ledger against its limits, in one run: `npm run bench -- ledger [--items 20000] [--stores 300] [--rounds 3] [--seconds 4]`.
 * Insert-only is the limit (the two tables that every movement needs, nothing else); then the ledger step in SQL, the
 * same through the hub's lanes, over HTTP with 1,000 movements a call, and 32 lone callers with and without coalescing.
 */
import pg from 'pg';
import { DataSource } from 'typeorm';
import type { WakeUps } from '../src/core/orchestration/wake-ups.js';
import { Metrics } from '../src/core/observability/metrics.js';
import { dataSourceOptions } from '../src/core/persistence/data-source.js';
import { Database } from '../src/core/persistence/database.js';
import { InventoryMetrics } from '../src/modules/inventory/inventory-metrics.js';
import { LedgerLanes, type MovementEntry } from '../src/modules/inventory/ledger/ledger-lanes.js';
import { startBenchHub, type BenchHub } from './stage/hub.js';
import { crowd, median, option, perSecond, rate, say, verdict } from './stage/measure.js';
import { itemCode, layOut, skewed, storeCode } from './stage/shape.js';
import { Tracing } from '../src/core/observability/tracing/tracing.js';
import type { Settings } from '../src/core/settings/settings.js';

const shape = { items: option('items', 20_000), stores: option('stores', 300), sparsity: 10 };
const rounds = option('rounds', 3);
const forMs = option('seconds', 4) * 1_000;
const BATCH = 1_000;
let sequence = 0;

interface Columns {
  readonly item: number[];
  readonly event: string[];
  readonly from: number[];
}

function columns(size: number, lane?: number): Columns {
  const made: Columns = { item: [], event: [], from: [] };
  for (let n = 0; n < size; n += 1) {
    const item = skewed(shape.items);
    made.item.push(lane === undefined || item % 2 === lane ? item : item === 1 ? 2 : item - 1);
    made.event.push(`order/${String((sequence += 1)).padStart(12, '0')}`);
    made.from.push((1 + Math.floor(Math.random() * shape.stores)) * 8);
  }
  return made;
}

const same = <T>(value: T, size: number): T[] => new Array<T>(size).fill(value);

function sqlArguments({ item, event, from }: Columns): unknown[] {
  const size = item.length;
  return [same(1, size), event, same('1', size), same(0, size), item, same(1, size), from, same(1, size), same(new Date().toISOString(), size), same('bench', size)];
}

const INSERT_ONLY = `
  with key as (insert into public.limit_key select s, e, l, 1 from unnest($1::int[], $2::text[], $3::text[]) as t (s, e, l) on conflict do nothing)
  insert into public.limit_movement
  select nextval('public.limit_batch'), n, i, q, f, t, k, s, e, l, o, c
    from unnest($1::int[], $2::text[], $3::text[], $4::smallint[], $5::int[], $6::bigint[], $7::int[], $8::int[], $9::timestamptz[], $10::text[])
    with ordinality as x (s, e, l, k, i, q, f, t, o, c, n)`;
const STEP = 'select inventory.record_movements($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)';

function entries(made: Columns): MovementEntry[] {
  return made.item.map((item, index) => ({
    index,
    item,
    from: made.from[index] as number,
    to: 1,
    movement: { source: 1, eventId: made.event[index] as string, line: '1', kind: 'sale', item: '', quantity: 1, from: { virtual: 'loss' }, to: { virtual: 'customer' }, occurredAt: new Date(), correlationId: 'bench' },
  }));
}

async function post(hub: BenchHub, made: Columns): Promise<number> {
  const movements = made.item.map((item, index) => ({
    eventId: made.event[index], line: '1', kind: 'sale', item: itemCode(item), quantity: 1, location: storeCode((made.from[index] as number) / 8), occurredAt: new Date().toISOString(),
  }));
  const { results } = (await hub.call('POST', '/api/v1/stock-movements', { movements }, hub.key)) as { results: { status: string }[] };
  const refused = results.find((result) => result.status !== 'applied');
  if (refused) throw new Error(`a movement was not applied: ${JSON.stringify(refused)}`);
  return results.length;
}

async function main(): Promise<void> {
  say(`ledger: ${shape.items} items, ${shape.stores} stores, 2 pools, 4 channels; ${rounds} rounds of ${forMs / 1_000} s each, medians`);
  const hub = await startBenchHub();
  const pool = new pg.Pool({ connectionString: hub.databaseUrl, max: 32 });
  const source = await new DataSource(dataSourceOptions(hub.databaseUrl)).initialize();
  try {
    await layOut(hub, shape);
    await pool.query('create table public.limit_key (like inventory.movement_key including all); create table public.limit_movement (like inventory.movement including all); create sequence public.limit_batch');
    const levels = (await pool.query<{ count: string }>('select count(*) from inventory.stock_level')).rows[0]?.count;
    say(`${levels} stock levels`);
    const database = new Database(source);
    const lanes = new LedgerLanes(database, { ring: () => undefined } as unknown as WakeUps, new InventoryMetrics(new Metrics(), database), new Tracing({} as Settings, new Metrics()));
    const measures: Record<string, () => Promise<number>> = {
      'insert only, 1000 x 2': () => crowd(2, forMs, async (lane) => (await pool.query(INSERT_ONLY, sqlArguments(columns(BATCH, lane)))) && BATCH),
      'ledger step in SQL, 1000 x 2': () => crowd(2, forMs, async (lane) => (await pool.query(STEP, sqlArguments(columns(BATCH, lane)))) && BATCH),
      "through the hub's lanes": () => crowd(4, forMs, async () => (await lanes.recordMovements(entries(columns(BATCH)), () => undefined), BATCH)),
      'POST /stock-movements, 1000 a call': () => crowd(4, forMs, () => post(hub, columns(BATCH))),
      '32 callers, one statement each': () => crowd(32, forMs, async () => (await pool.query(STEP, sqlArguments(columns(1)))) && 1),
      '32 callers, coalesced': () => crowd(32, forMs, async () => (await lanes.recordMovements(entries(columns(1)), () => undefined), 1)),
    };
    const seen = new Map<string, number[]>(Object.keys(measures).map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) for (const [name, measure] of Object.entries(measures)) seen.get(name)?.push(await rate(measure));
    const of = (name: string): number => median(seen.get(name) ?? []);
    for (const name of Object.keys(measures)) say(`${name.padEnd(38)} ${perSecond(of(name)).padStart(12)}   (${(seen.get(name) ?? []).map((value) => Math.round(value)).join(', ')})`);
    verdict("ledger through the hub's lanes / insert only", of("through the hub's lanes") / of('insert only, 1000 x 2'), 0.2);
    verdict('POST /stock-movements / ledger step in SQL', of('POST /stock-movements, 1000 a call') / of('ledger step in SQL, 1000 x 2'), 0.7);
    verdict('32 callers coalesced / one statement each', of('32 callers, coalesced') / of('32 callers, one statement each'), 2.5);
  } finally {
    await source.destroy();
    await pool.end();
    await hub.stop();
  }
}

await main();
