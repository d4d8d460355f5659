import { type CallContext, ConnectorError } from '@crossdock/connector-sdk';
import type { VendureConfig } from '../config.js';
import { type Fields, isRecord, recordsOf } from '../mapping/fields.js';
import { type OrderRecord, recordOf } from '../mapping/order-record.js';
import { read } from './admin-api.js';
import { CHANGE_TIMES, CHANGED_ORDERS, ORDERS_BY_ID } from './documents.js';
import { type OrderCursor, queryOf, type Row } from './order-cursor.js';

/** Vendure reads at most so many rows at once, unless its configuration says otherwise. */
const MOST_ROWS = 1_000;

export interface OrderRow extends Row {
  readonly record: OrderRecord;
}

/** Orders that changed since, in the order of their last change; `full` where there may be more. @throws ConnectorError */
export async function changedOrders(ctx: CallContext<VendureConfig>, since: OrderCursor, limit: number): Promise<{ readonly rows: readonly OrderRow[]; readonly full: boolean }> {
  const query = queryOf(since, limit);
  const take = Math.min(query.take, MOST_ROWS);
  const rows = orderRows(await read(ctx, CHANGED_ORDERS, { ...query, take }));
  // The cursor would pass over what comes out of order; better no page than a page with a hole.
  if (rows.some((row, index) => row.updatedAt < (rows[index - 1]?.updatedAt ?? ''))) throw new ConnectorError('plugin_bug', 'the shop does not give its orders in the order of their last change');
  return { rows, full: rows.length >= take };
}

/** Which orders changed since, in no order; undefined where they are too many. @throws ConnectorError */
export async function changesSince(ctx: CallContext<VendureConfig>, since: OrderCursor): Promise<readonly Row[] | undefined> {
  const found = itemsOf(await read(ctx, CHANGE_TIMES, { after: queryOf(since, 0).after, take: MOST_ROWS }));
  return found.length < MOST_ROWS ? found.map(rowOf) : undefined;
}

/** @throws ConnectorError */
export async function ordersById(ctx: CallContext<VendureConfig>, ids: readonly string[]): Promise<readonly OrderRow[]> {
  return orderRows(await read(ctx, ORDERS_BY_ID, { ids, take: ids.length }));
}

function orderRows(data: Fields): OrderRow[] {
  return itemsOf(data).map((order) => ({ ...rowOf(order), record: recordOf(order) }));
}

function itemsOf({ orders }: Fields): Fields[] {
  if (!isRecord(orders) || !Array.isArray(orders['items'])) throw new ConnectorError('transient', 'the answer held no orders');
  return recordsOf(orders['items']);
}

function rowOf({ id, updatedAt }: Fields): Row {
  const time = typeof updatedAt === 'string' ? Date.parse(updatedAt) : Number.NaN;
  if (typeof id !== 'string' || Number.isNaN(time)) throw new ConnectorError('transient', 'the answer held an order without id or time of change');
  return { id, updatedAt: new Date(time).toISOString() };
}
