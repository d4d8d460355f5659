import type { CallContext, ListPage, ListRequest, OutsideItem, OutsideLocation } from '@crossdock/connector-sdk';
import { numericId, type ShopifyConfig } from '../config.js';
import { ask } from './admin-api.js';
import { dataOf, pageIn } from './answer.js';
import { LIST_LOCATIONS, LIST_VARIANTS } from './documents.js';
import { isRecord } from './json-path.js';

type Node = Readonly<Record<string, unknown>>;

const GTIN = /^(\d{8}|\d{12,14})$/;
/** Shopify takes no more at once. */
const MOST = 250;

/**
 * Every variant, twice: orders name the variant, quantities its inventory item, and the hub needs a cross-reference for each.
 * A variant whose stock Shopify does not track has no inventory to publish and is listed as a variant alone.
 */
export async function listItems(ctx: CallContext<ShopifyConfig>, { cursor, limit }: ListRequest): Promise<ListPage<OutsideItem>> {
  const first = Math.max(1, Math.min(MOST, Math.floor(limit / 2)));
  const page = pageIn(dataOf(await ask(ctx, LIST_VARIANTS, { first, after: cursor })), 'productVariants');
  return { entries: page.nodes.flatMap(itemsOf), nextCursor: page.endCursor };
}

export async function listLocations(ctx: CallContext<ShopifyConfig>, { cursor, limit }: ListRequest): Promise<ListPage<OutsideLocation>> {
  const page = pageIn(dataOf(await ask(ctx, LIST_LOCATIONS, { first: Math.min(MOST, limit), after: cursor })), 'locations');
  return { entries: page.nodes.map(locationOf), nextCursor: page.endCursor };
}

function itemsOf(variant: Node): OutsideItem[] {
  const stock = isRecord(variant['inventoryItem']) ? variant['inventoryItem'] : {};
  const product = isRecord(variant['product']) ? variant['product'] : {};
  const { barcode } = variant;
  const seen = {
    name: String(variant['displayName']),
    ...(typeof stock['sku'] === 'string' && stock['sku'] !== '' ? { sku: stock['sku'] } : {}),
    // The field is free text there: people write their own numbers into it, too.
    ...(typeof barcode === 'string' && GTIN.test(barcode) ? { gtins: [barcode] } : {}),
    active: product['status'] !== 'ARCHIVED',
  };
  const one: OutsideItem = { ref: { type: 'variant', id: numericId(String(variant['id'])) }, ...seen };
  return stock['tracked'] === true ? [one, { ref: { type: 'inventory-item', id: numericId(String(stock['id'])) }, ...seen }] : [one];
}

function locationOf(location: Node): OutsideLocation {
  // Shopify does not tell a shop from a warehouse; it does tell a fulfilment service, which is somebody else's.
  const elsewhere = location['isFulfillmentService'] === true;
  return { ref: { type: 'location', id: numericId(String(location['id'])) }, name: String(location['name']), ...(elsewhere ? { kind: 'other' as const } : {}), active: location['isActive'] === true };
}
