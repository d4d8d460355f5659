/**
 * What finding by correlation id costs the writers, in one run: `npm run bench -- correlation [--rows 500000] [--rounds 3] [--seconds 4]`.
 * The ledger step and the inbox's step in SQL, each row with an id of its own (the dearest case), without an index on it
 * and with each form of one, by turns on the same tables.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { numberArray, textArray } from '../src/core/persistence/sql-array.js';
import { startBenchHub } from './stage/hub.js';
import { crowd, median, option, perSecond, rate, say, verdict } from './stage/measure.js';
import { layOut, skewed } from './stage/shape.js';

const shape = { items: 5_000, stores: 50, sparsity: 10 };
const rows = option('rows', 500_000);
const rounds = option('rounds', 3);
const forMs = option('seconds', 4) * 1_000;
const MOVEMENTS = 1_000;
/** As many as meet at the door at 1,000 deliveries a second and more. */
const DELIVERIES = 100;
const BODY = Buffer.from(JSON.stringify({ id: 1, line_items: Array.from({ length: 8 }, (_, n) => ({ id: n, sku: `sku-${n}`, quantity: 1 })) }));
let sequence = 0;

const next = (): string => String((sequence += 1)).padStart(12, '0');
const many = <T>(size: number, make: (n: number) => T): T[] => Array.from({ length: size }, (_, n) => make(n));

const STEPS = {
  'ledger step, 1000 x 2': {
    table: 'inventory.movement', size: MOVEMENTS,
    sql: 'select inventory.record_movements($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
    values: (lane: number): unknown[] => {
      const same = (value: number | string): string => `{${new Array(MOVEMENTS).fill(value).join(',')}}`;
      const items = many(MOVEMENTS, () => skewed(shape.items)).map((item) => (item % 2 === lane ? item : item === 1 ? 2 : item - 1));
      return [same(1), textArray(many(MOVEMENTS, () => `order/${next()}`)), same('1'), same(0), numberArray(items), same(1), numberArray(many(MOVEMENTS, () => (1 + Math.floor(Math.random() * shape.stores)) * 8)), same(1),
        `{${new Array(MOVEMENTS).fill(`"${new Date().toISOString()}"`).join(',')}}`, textArray(many(MOVEMENTS, () => randomUUID()))];
    },
  },
  'inbox step, 100 x 2': {
    table: 'intake.delivery', size: DELIVERIES,
    sql: 'select intake.accept($1, $2, $3, $4, $5, $6, $7)',
    values: (): unknown[] => [many(DELIVERIES, () => 2_000_000_000), many(DELIVERIES, () => `d/${next()}`), many(DELIVERIES, () => 'orders/create'), many(DELIVERIES, () => '{"x-topic":"orders/create","x-id":"1"}'),
      many(DELIVERIES, () => randomUUID()), many(DELIVERIES, () => BODY.length), Buffer.concat(many(DELIVERIES, () => BODY))],
  },
} as const;

const FORMS = {
  none: undefined,
  hash: 'using hash (correlation_id)',
  btree: 'using btree (correlation_id collate "C")',
  'btree of a hash': 'using btree (hashtext(correlation_id))',
  'brin bloom': 'using brin (correlation_id text_bloom_ops) with (autosummarize = on)',
} as const;
type Form = keyof typeof FORMS;

async function fill(pool: pg.Pool): Promise<void> {
  for (const { table, size, sql, values } of Object.values(STEPS)) {
    const before = sequence;
    await Promise.all([0, 1].map(async (lane) => {
      while (sequence - before < rows) await pool.query(sql, values(lane));
    }));
    say(`${table}: ${rows} rows and more, ${size} a batch`);
  }
  await pool.query('truncate intake.pending');
  await pool.query('vacuum analyze');
}

async function main(): Promise<void> {
  const hub = await startBenchHub();
  const pool = new pg.Pool({ connectionString: hub.databaseUrl, max: 4 });
  try {
    await layOut(hub, shape);
    await pool.query('update inventory.channel_rule set connection_id = null');
    await fill(pool);
    const seen = new Map<string, number[]>();
    for (let round = 0; round < rounds; round += 1) {
      for (const form of Object.keys(FORMS) as Form[]) {
        for (const [name, { table, size, sql, values }] of Object.entries(STEPS)) {
          await pool.query('drop index if exists inventory.bench_correlation, intake.bench_correlation');
          if (FORMS[form]) await pool.query(`create index bench_correlation on ${table} ${FORMS[form]}`);
          await pool.query('checkpoint');
          const key = `${name}, ${form}`;
          seen.set(key, [...(seen.get(key) ?? []), await rate(() => crowd(2, forMs, async (lane) => (await pool.query(sql, values(lane))) && size))]);
          if (FORMS[form] && round === rounds - 1) {
            const { rows: [found] } = await pool.query<{ mb: string }>(`select pg_size_pretty(pg_relation_size('${table.split('.')[0]}.bench_correlation')) as mb`);
            say(`  index ${form} on ${table}: ${found?.mb}`);
          }
        }
      }
    }
    const of = (name: string, form: Form): number => median(seen.get(`${name}, ${form}`) ?? []);
    for (const [key, values] of seen) say(`${key.padEnd(38)} ${perSecond(median(values)).padStart(12)}   (${values.map((value) => Math.round(value)).join(', ')})`);
    for (const name of Object.keys(STEPS)) {
      for (const form of (Object.keys(FORMS) as Form[]).slice(1)) verdict(`${name}: with ${form} / without`, of(name, form) / of(name, 'none'), 0.9);
    }
  } finally {
    await pool.end();
    await hub.stop();
  }
}

await main();
