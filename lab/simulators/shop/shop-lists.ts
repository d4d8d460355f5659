import type { Catalogue } from '../kit/catalogue.js';
import type { GraphNode } from './graphql-answer.js';
import { gid, type ShopIds } from './shop-ids.js';

type Args = Readonly<Record<string, unknown>>;

export function locationNode(ids: ShopIds, name: string): GraphNode {
  return { __typename: 'Location', id: gid('Location', ids.location(name)), name, isActive: true, isFulfillmentService: false, fulfillsOnlineOrders: true };
}

/** One article of the catalogue as the shop sells it. */
export function variantNode(ids: ShopIds, catalogue: Catalogue, position: number): GraphNode {
  const { id = '', name = '' } = catalogue.at(position) ?? {};
  return {
    __typename: 'ProductVariant',
    id: gid('ProductVariant', ids.variant(position)),
    displayName: name || id,
    barcode: null,
    product: { __typename: 'Product', id: gid('Product', ids.product(position)), status: 'ACTIVE' },
    inventoryItem: { __typename: 'InventoryItem', id: gid('InventoryItem', ids.inventoryItem(position)), sku: id, tracked: true },
  };
}

/** A page of a Relay connection: `first` nodes after the one that the cursor names. */
export function pageOf(typename: string, count: number, { first, after }: Args, node: (position: number) => GraphNode): GraphNode {
  const from = Number(after ?? 0);
  const until = Math.min(count, from + (typeof first === 'number' ? first : 0));
  const nodes = Array.from({ length: Math.max(0, until - from) }, (_, index) => node(from + index));
  return { __typename: typename, nodes, pageInfo: { __typename: 'PageInfo', hasNextPage: until < count, endCursor: until > from ? String(until) : null } };
}
