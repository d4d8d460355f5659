import type { CallContext, FeedPage, FeedRequest } from '@crossdock/connector-sdk';
import type { VendureConfig } from '../config.js';
import type { Fields } from '../mapping/fields.js';
import { feedRecord, marked, type OrderRecord } from '../mapping/order-record.js';
import { readOrder } from '../mapping/order.mapping.js';
import { shopTimeMs } from '../client/admin-api.js';
import { type FeedCursor, readCursor, remembering } from './feed-cursor.js';
import { advance, startAt } from './order-cursor.js';
import { listedOrders, type OrderRow, ordersById } from './order-rows.js';

/**
 * The next page of placed orders: of those that were placed since, and when there are no more of those, of those that
 * changed since. The same order comes again while either is recent, as the same record, and as a new one whenever its
 * units changed.
 *
 * @throws ConnectorError
 */
export async function pollOrders(ctx: CallContext<VendureConfig>, { cursor, limit }: FeedRequest): Promise<FeedPage> {
  const nowMs = ctx.now();
  const from = cursor === null ? await beginning(ctx, nowMs) : readCursor(cursor);
  const { turn } = from;
  const { rows, full } = await listedOrders(ctx, turn, from[turn], limit);
  const next = advance(from[turn], rows, limit, full, nowMs);
  const records = await Promise.all((await secondLook(ctx, next.page)).map(marked));
  const given = records.map(({ mark }, index) => [next.page[index]?.id ?? '', Date.parse(next.page[index]?.updatedAt ?? ''), mark] as const);
  const other = turn === 'placed' ? 'changed' : 'placed';
  const nextCursor = remembering({ ...from, [turn]: next.cursor, turn: next.hasMore ? turn : other }, given);
  return { records: records.map(feedRecord), nextCursor: JSON.stringify(nextCursor), hasMore: next.hasMore || turn === 'placed' };
}

/** By the shop's clock, which stamps its orders: by the hub's, if that were ahead, the next orders would lie before the beginning. */
async function beginning(ctx: CallContext<VendureConfig>, nowMs: number): Promise<FeedCursor> {
  const sinceMs = ctx.config.ordersSince === undefined ? Math.min(nowMs, await shopTimeMs(ctx)) : Date.parse(ctx.config.ordersSince);
  const start = startAt(new Date(sinceMs).toISOString(), nowMs);
  return { turn: 'placed', placed: start, changed: start, recent: [] };
}

/**
 * Vendure reads an order's lines and its history one after the other, and a cancellation may be committed in between. What
 * does not add up is read once more; what does not do so then either is handed on, and fails where a person sees it.
 */
async function secondLook(ctx: CallContext<VendureConfig>, page: readonly OrderRow[]): Promise<OrderRecord[]> {
  const torn = page.filter(({ record }) => !addsUp(record, ctx.config.locationId)).map(({ id }) => id);
  if (torn.length === 0) return page.map(({ record }) => record);
  const again = await ordersById(ctx, torn);
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
