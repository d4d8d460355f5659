import type { StockObserved } from '@crossdock/connector-sdk';
import { type Fields, optionalTime, parseTime, requiredId, UnreadablePayload } from './payload.js';
import { nothing, type Reading } from './reading.js';

/**
 * The figure that Shopify holds for one item at one location, net of the orders that it knows.
 *
 * @param triggeredAt the delivery's x-shopify-triggered-at, if it came with one.
 * @throws UnreadablePayload
 */
export function readInventoryLevel(level: Fields, triggeredAt: string | undefined): Reading {
  if (Object.keys(level).length === 0) return nothing('an empty body tells nothing');
  const itemId = requiredId(level, 'inventory_item_id');
  const locationId = requiredId(level, 'location_id');
  const available = level['available'];
  if (available === null) return nothing('Shopify keeps no figure for this item there');
  if (typeof available !== 'number' || !Number.isSafeInteger(available)) throw new UnreadablePayload('available is no number of units');
  const updatedAt = optionalTime(level, 'updated_at');
  if (updatedAt === undefined) throw new UnreadablePayload('updated_at is missing');
  const asOf = withinTheSecond(updatedAt, triggeredAt);
  const event: StockObserved = {
    kind: 'StockObserved',
    // The figure is part of the key: updated_at counts whole seconds, and two sales within one are two figures.
    eventId: `inventory-level/${itemId}/${locationId}/${asOf}/${available}`,
    item: { type: 'inventory-item', id: itemId },
    location: { type: 'location', id: locationId },
    quantity: available,
    asOf,
    basis: 'netOfOrders',
  };
  return { events: [event], leftOut: [] };
}

/**
 * updated_at counts whole seconds, but the order of the figures within one decides which of them is the last. The
 * header counts finer and stays the same when a delivery is tried again; it is believed only inside the same second.
 */
function withinTheSecond(updatedAt: string, triggeredAt: string | undefined): string {
  const finer = triggeredAt === undefined ? undefined : parseTime(triggeredAt);
  return finer !== undefined && updatedAt.endsWith('.000Z') && finer.slice(0, 19) === updatedAt.slice(0, 19) ? finer : updatedAt;
}
