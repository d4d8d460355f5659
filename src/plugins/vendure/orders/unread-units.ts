import type { CallContext, FiguresBasis } from '@crossdock/connector-sdk';
import type { VendureConfig } from '../config.js';
import { type Fields, UnreadableRecord } from '../mapping/fields.js';
import { marked } from '../mapping/order-record.js';
import { readOrder } from '../mapping/order.mapping.js';
import { readCursor } from './feed-cursor.js';
import { ordersById, timesSince } from './order-rows.js';

/** Units of a variant that the shop has sold and the hub's figures do not know of yet; `unknown` where that cannot be told. */
export type Unread = { readonly kind: 'units'; readonly of: ReadonlyMap<string, number> } | { readonly kind: 'unknown'; readonly reason: string };

/** With more unread orders than this the hub is too far behind for an exact figure. */
const MOST_UNREAD = 100;
/** An order's own times come from the server's clock and its time of change from the database's: so far apart may they be. */
const CLOCKS_APART_MS = 60_000;

/**
 * What was sold since the orders were read that the figures rest on. Units given back since are not counted: the hub adds
 * them when it has read of them. Where there is doubt the answer is too many, so that the figure is too low for a moment
 * and never too high.
 *
 * @throws ConnectorError
 */
export async function unreadUnits(ctx: CallContext<VendureConfig>, { feeds }: FiguresBasis): Promise<Unread> {
  const basis = feeds['orders'];
  // Before the first poll no order is any of the hub's business: reading begins with it.
  if (basis === undefined) return { kind: 'units', of: new Map() };
  if (basis === null) return { kind: 'unknown', reason: 'the hub is still booking orders of this shop' };
  const since = readCursor(basis);
  const times = await timesSince(ctx, since);
  const known = new Set(since.recent.map(([id, changedMs]) => `${id} ${changedMs}`));
  const ids = times?.filter(({ id, updatedAt }) => !known.has(`${id} ${Date.parse(updatedAt)}`)).map(({ id }) => id);
  if (ids === undefined || ids.length > MOST_UNREAD) return { kind: 'unknown', reason: 'the hub has not read the orders of this shop for long' };
  if (ids.length === 0) return { kind: 'units', of: new Map() };
  const records = await Promise.all([...(await ordersById(ctx, ids)).values()].map(marked));
  // A payment changes an order, and no unit of it.
  const marks = new Set(since.recent.map(([, , mark]) => mark));
  return soldSince(records.filter(({ mark }) => !marks.has(mark)).map(({ record }) => record as unknown as Fields), ctx.config.locationId, Math.min(Date.parse(since.placed.at), Date.parse(since.changed.at)) - CLOCKS_APART_MS);
}

function soldSince(records: readonly Fields[], locationId: string, sinceMs: number): Unread {
  const units = new Map<string, number>();
  try {
    for (const reading of records.map((record) => readOrder(record, locationId))) {
      for (const { item, movement, quantity, occurredAt } of reading.kind === 'facts' ? reading.facts : []) {
        if (movement === 'sale' && Date.parse(occurredAt) >= sinceMs) units.set(item.id, (units.get(item.id) ?? 0) + quantity);
      }
    }
  } catch (error) {
    if (!(error instanceof UnreadableRecord)) throw error;
    return { kind: 'unknown', reason: 'an order of the shop was changing while it was read' };
  }
  return { kind: 'units', of: units };
}
