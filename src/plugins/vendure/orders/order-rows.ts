import { type CallContext, ConnectorError } from '@crossdock/connector-sdk';
import type { VendureConfig } from '../config.js';
import { type Fields, isRecord, recordsOf } from '../mapping/fields.js';
import { type OrderRecord, recordOf } from '../mapping/order-record.js';
import { read } from '../client/admin-api.js';
import { CHANGED_ORDERS, ORDER_TIMES, ORDERS_BY_ID, PLACED_ORDERS } from '../client/documents.js';
import type { FeedCursor, Listing } from './feed-cursor.js';
import { type OrderCursor, queryOf, type Row } from './order-cursor.js';

/** Vendure reads at most so many rows at once, unless its configuration says otherwise. */
const MOST_ROWS = 1_000;

export interface OrderTimes {
  readonly id: string;
  readonly updatedAt: string;
  readonly placedAt: string;
}

export interface OrderRow extends Row, OrderTimes {
  readonly record: OrderRecord;
}

/** Placed orders of one listing since, in its order; `full` where there may be more. @throws ConnectorError */
export async function listedOrders(ctx: CallContext<VendureConfig>, listing: Listing, since: OrderCursor, limit: number): Promise<{ readonly rows: readonly OrderRow[]; readonly full: boolean }> {
  const query = queryOf(since, limit);
  const take = Math.min(query.take, MOST_ROWS);
  const orders = itemsOf(await read(ctx, listing === 'placed' ? PLACED_ORDERS : CHANGED_ORDERS, { ...query, take }));
  const rows = orders.map((order): OrderRow => {
    const times = timesOf(order);
    return { ...times, time: listing === 'placed' ? times.placedAt : times.updatedAt, record: recordOf(order) };
  });
  // The cursor would pass over what comes out of order; better no page than a page with a hole.
  if (rows.some((row, index) => row.time < (rows[index - 1]?.time ?? ''))) throw new ConnectorError('plugin_bug', 'the shop does not give its orders in the order that was asked for');
  return { rows, full: rows.length >= take };
}

/** Which orders were placed or changed since, in no order; undefined where they are too many. @throws ConnectorError */
export async function timesSince(ctx: CallContext<VendureConfig>, { placed, changed }: FeedCursor): Promise<readonly OrderTimes[] | undefined> {
  const found = itemsOf(await read(ctx, ORDER_TIMES, { placedAfter: queryOf(placed, 0).after, changedAfter: queryOf(changed, 0).after, take: MOST_ROWS }));
  return found.length < MOST_ROWS ? found.map(timesOf) : undefined;
}

/** By id. @throws ConnectorError */
export async function ordersById(ctx: CallContext<VendureConfig>, ids: readonly string[]): Promise<ReadonlyMap<string, OrderRecord>> {
  const orders = itemsOf(await read(ctx, ORDERS_BY_ID, { ids, take: ids.length }));
  return new Map(orders.map((order) => [String(order['id']), recordOf(order)]));
}

function itemsOf({ orders }: Fields): Fields[] {
  if (!isRecord(orders) || !Array.isArray(orders['items'])) throw new ConnectorError('transient', 'the answer held no orders');
  return recordsOf(orders['items']);
}

function timesOf({ id, updatedAt, orderPlacedAt }: Fields): OrderTimes {
  if (typeof id !== 'string') throw new ConnectorError('transient', 'the answer held an order without an id');
  return { id, updatedAt: timeOf(updatedAt), placedAt: timeOf(orderPlacedAt) };
}

function timeOf(value: unknown): string {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw new ConnectorError('transient', 'the answer held an order without its times');
  return new Date(time).toISOString();
}
