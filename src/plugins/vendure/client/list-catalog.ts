import { type CallContext, ConnectorError, type ListPage, type ListRequest, type OutsideItem, type OutsideLocation } from '@crossdock/connector-sdk';
import type { VendureConfig } from '../config.js';
import { type Fields, isRecord, recordsOf, skuOf } from '../mapping/fields.js';
import { read } from './admin-api.js';
import { LIST_STOCK_LOCATIONS, LIST_VARIANTS } from './documents.js';

/** The shop's variants, oldest first. The cursor counts; while something is deleted, one variant may be passed over until the next listing. */
export async function listItems(ctx: CallContext<VendureConfig>, request: ListRequest): Promise<ListPage<OutsideItem>> {
  return list(ctx, request, LIST_VARIANTS, 'productVariants', (variant) => {
    const sku = skuOf(variant['sku']);
    return { ref: { type: 'variant', id: String(variant['id']), ...(sku === undefined ? {} : { sku }) }, name: String(variant['name']), ...(sku === undefined ? {} : { sku }), active: variant['enabled'] === true };
  });
}

/** The stock locations of the channel. Vendure does not say of what kind they are. */
export async function listLocations(ctx: CallContext<VendureConfig>, request: ListRequest): Promise<ListPage<OutsideLocation>> {
  return list(ctx, request, LIST_STOCK_LOCATIONS, 'stockLocations', (location) => ({ ref: { type: 'location', id: String(location['id']) }, name: String(location['name']) }));
}

async function list<Entry>(ctx: CallContext<VendureConfig>, { cursor, limit }: ListRequest, query: string, name: string, entryOf: (fields: Fields) => Entry): Promise<ListPage<Entry>> {
  const skip = cursor === null ? 0 : Number(cursor);
  if (!Number.isSafeInteger(skip) || skip < 0) throw new ConnectorError('config', 'the cursor of the listing is not one of this connector');
  const data = await read(ctx, query, { skip, take: limit });
  const found = isRecord(data[name]) ? data[name] : {};
  const items = recordsOf(found['items']);
  const until = skip + items.length;
  return { entries: items.map(entryOf), nextCursor: items.length > 0 && until < Number(found['totalItems']) ? String(until) : null };
}
