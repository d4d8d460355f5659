import type { CallContext, FeedPage, FeedRequest } from '@crossdock/connector-sdk';
import type { VendureConfig } from '../config.js';
import type { Fields } from '../mapping/fields.js';
import { feedRecord, marked, type OrderRecord } from '../mapping/order-record.js';
import { readOrder } from '../mapping/order.mapping.js';
import { shopTimeMs } from './admin-api.js';
import { advance, type OrderCursor, readCursor, remembering, startAt } from './order-cursor.js';
import { changedOrders, type OrderRow, ordersById } from './order-rows.js';

/**
 * The next page of placed orders by the time of their last change. The same order comes again while its change is recent,
 * as the same record, and as a new one whenever its units changed.
 *
 * @throws ConnectorError
 */
export async function pollOrders(ctx: CallContext<VendureConfig>, { cursor, limit }: FeedRequest): Promise<FeedPage> {
  const nowMs = ctx.now();
  const from = cursor === null ? await beginning(ctx, nowMs) : readCursor(cursor);
  const { rows, full } = await changedOrders(ctx, from, limit);
  const next = advance(from, rows, limit, full, nowMs);
  const records = await Promise.all((await secondLook(ctx, next.page)).map(marked));
  const nextCursor = remembering(next.cursor, records.map(({ mark }, index) => [next.page[index]?.id ?? '', Date.parse(next.page[index]?.updatedAt ?? ''), mark]));
  return { records: records.map(feedRecord), nextCursor: JSON.stringify(nextCursor), hasMore: next.hasMore };
}

/** By the shop's clock, which stamps its orders: by the hub's, if that were ahead, the next orders would lie before the beginning. */
async function beginning(ctx: CallContext<VendureConfig>, nowMs: number): Promise<OrderCursor> {
  const sinceMs = ctx.config.ordersSince === undefined ? Math.min(nowMs, await shopTimeMs(ctx)) : Date.parse(ctx.config.ordersSince);
  return startAt(new Date(sinceMs).toISOString(), nowMs);
}

/**
 * Vendure reads an order's lines and its history one after the other, and a cancellation may be committed in between. What
 * does not add up is read once more; what does not do so then either is handed on, and fails where a person sees it.
 */
async function secondLook(ctx: CallContext<VendureConfig>, page: readonly OrderRow[]): Promise<OrderRecord[]> {
  const torn = page.filter(({ record }) => !addsUp(record, ctx.config.locationId)).map(({ id }) => id);
  if (torn.length === 0) return page.map(({ record }) => record);
  const again = new Map((await ordersById(ctx, torn)).map((row) => [row.id, row.record]));
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
