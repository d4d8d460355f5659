import { type CallContext, ConnectorError, type FeedPage, type FeedRequest } from '@crossdock/connector-sdk';
import type { VendureConfig } from '../config.js';
import { type Fields, isRecord, recordsOf } from '../mapping/fields.js';
import { feedEntry, type OrderRecord, recordOf } from '../mapping/order-record.js';
import { readOrder } from '../mapping/order.mapping.js';
import { read } from './admin-api.js';
import { CHANGED_ORDERS, ORDERS_BY_ID } from './documents.js';
import { advance, queryOf, readCursor, startAt } from './order-cursor.js';

/** Vendure reads at most so many rows at once, unless its configuration says otherwise. */
const MOST_ROWS = 1_000;

interface OrderRow {
  readonly id: string;
  readonly updatedAt: string;
  readonly record: OrderRecord;
}

/**
 * The next page of placed orders by the time of their last change. The same order comes again while its change is recent,
 * as the same record, and as a new one whenever its units changed.
 *
 * @throws ConnectorError
 */
export async function pollOrders(ctx: CallContext<VendureConfig>, { cursor, limit }: FeedRequest): Promise<FeedPage> {
  const nowMs = ctx.now();
  const from = cursor === null ? startAt(new Date(ctx.config.ordersSince ?? nowMs).toISOString(), nowMs) : readCursor(cursor);
  const query = queryOf(from, limit);
  const take = Math.min(query.take, MOST_ROWS);
  const rows = rowsOf(await read(ctx, CHANGED_ORDERS, { ...query, take }));
  // The cursor would pass over what comes out of order; better no page than a page with a hole.
  if (rows.some((row, index) => row.updatedAt < (rows[index - 1]?.updatedAt ?? ''))) throw new ConnectorError('plugin_bug', 'the shop does not give its orders in the order of their last change');
  const next = advance(from, rows, limit, rows.length >= take, nowMs);
  const records = await secondLook(ctx, next.page);
  return { records: await Promise.all(records.map(feedEntry)), nextCursor: JSON.stringify(next.cursor), hasMore: next.hasMore };
}

/**
 * Vendure reads an order's lines and its history one after the other, and a cancellation may be committed in between. What
 * does not add up is read once more; what does not do so then either is handed on, and fails where a person sees it.
 */
async function secondLook(ctx: CallContext<VendureConfig>, page: readonly OrderRow[]): Promise<OrderRecord[]> {
  const torn = page.filter(({ record }) => !addsUp(record, ctx.config.locationId)).map(({ id }) => id);
  if (torn.length === 0) return page.map(({ record }) => record);
  const again = new Map(rowsOf(await read(ctx, ORDERS_BY_ID, { ids: torn, take: torn.length })).map((row) => [row.id, row.record]));
  return page.map(({ id, record }) => again.get(id) ?? record);
}

function addsUp(record: OrderRecord, locationId: string): boolean {
  try {
    readOrder(record as unknown as Fields, locationId);
    return true;
  } catch {
    return false;
  }
}

function rowsOf(data: Fields): OrderRow[] {
  const orders = isRecord(data['orders']) ? data['orders'] : {};
  if (!Array.isArray(orders['items'])) throw new ConnectorError('transient', 'the answer held no orders');
  return recordsOf(orders['items']).map((order) => {
    const { id, updatedAt } = order;
    const time = typeof updatedAt === 'string' ? Date.parse(updatedAt) : Number.NaN;
    if (typeof id !== 'string' || Number.isNaN(time)) throw new ConnectorError('transient', 'the answer held an order without id or time of change');
    return { id, updatedAt: new Date(time).toISOString(), record: recordOf(order) };
  });
}
