import pg from 'pg';
import type { BenchHub } from './hub.js';

/** How large the retailer is. The default is the shape of docs/benchmarks.md; `--items` and `--stores` change it. */
export interface Shape {
  readonly items: number;
  readonly stores: number;
  /** One in so many (item, store) pairs has stock. */
  readonly sparsity: number;
}

export const itemCode = (id: number): string => `sku-${String(id).padStart(6, '0')}`;
export const storeCode = (id: number): string => `store-${String(id).padStart(4, '0')}`;

/** The catalogue by the API; opening stock by SQL, since loading it is not what is measured. Two pools, four channels. */
export async function layOut(hub: BenchHub, shape: Shape): Promise<void> {
  const all = Array.from({ length: shape.stores }, (_, n) => storeCode(n + 1));
  for (const code of all) await hub.call('PUT', `/api/v1/locations/${code}`, { name: code, type: 'store' }, hub.key);
  for (const [name, locations] of [['web', all], ['app', all], ['market-a', all.slice(0, shape.stores / 2)], ['market-b', all.slice(0, shape.stores / 2)]] as const) {
    await hub.call('PUT', `/api/v1/channels/${name}`, { name, locations }, hub.key);
  }
  const client = new pg.Client({ connectionString: hub.databaseUrl });
  await client.connect();
  try {
    await load(client, shape);
  } finally {
    await client.end();
  }
}

async function load(client: pg.Client, shape: Shape): Promise<void> {
  await client.query("insert into catalog.item (code, name, sku, unit) select 'sku-' || lpad(n::text, 6, '0'), 'Item ' || n, 'sku-' || lpad(n::text, 6, '0'), 'each' from generate_series(1, $1::int) as n", [shape.items]);
  await client.query(
    `insert into inventory.stock_level (item_id, account_id, on_hand)
     select i.id, l.id * 8, 100000 from catalog.item i cross join catalog.location l where (i.id * 31 + l.id * 17) % $1 = 0`,
    [shape.sparsity],
  );
  await client.query(`insert into inventory.pool_level (item_id, pool_id, usable)
     select s.item_id, p.pool_id, sum(s.on_hand) from inventory.stock_level s join inventory.pool_location p on p.location_id = s.account_id >> 3 group by 1, 2`);
  // A connection that does not exist: dirty rows are written and coalesced as they would be, and nobody takes them away.
  await client.query('update inventory.channel_rule set connection_id = 2000000000');
  await client.query('select inventory.recompute_channel(channel_id) from inventory.channel_rule');
  await client.query('vacuum analyze');
}

/** Skewed as retail is: a few items sell most. `parity` keeps two lanes apart. */
export function skewed(items: number, random: () => number = Math.random): number {
  return Math.min(items, Math.max(1, Math.floor(items ** random())));
}
