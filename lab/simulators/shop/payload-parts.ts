import type { Catalogue } from '../kit/catalogue.js';
import type { ShopIds } from './shop-ids.js';

/** What the payloads of one shop have in common. */
export interface ShopBooks {
  readonly ids: ShopIds;
  readonly catalogue: Catalogue;
  readonly domain: string;
  readonly currency: string;
}

export interface MoneySet {
  readonly shop_money: { readonly amount: string; readonly currency_code: string };
  readonly presentment_money: { readonly amount: string; readonly currency_code: string };
}

export function amount(minor: number): string {
  return (minor / 100).toFixed(2);
}

export function moneySet(minor: number, currency: string): MoneySet {
  const money = { amount: amount(minor), currency_code: currency };
  return { shop_money: money, presentment_money: money };
}

/**
 * Shopify tells times to the second. The lab keeps the milliseconds: where a sale and a count fall within one second,
 * a figure of whole seconds cannot say which came first, and the checker would have to forgive what it is there to find.
 */
export function shopTime(at: number): string {
  return new Date(at).toISOString();
}

export interface LineFacts {
  readonly id: number;
  readonly item: string;
  /** As ordered; it never changes. */
  readonly quantity: number;
  /** What is still to be shipped: less after cancellations and refunds. */
  readonly current: number;
}

/** A line item as orders and refunds carry it. */
export function lineItem(line: LineFacts, books: ShopBooks): Record<string, unknown> {
  const { catalogue, currency, ids } = books;
  const position = catalogue.position(line.item);
  const title = catalogue.title(line.item);
  const priceMinor = catalogue.priceMinor(line.item);
  return {
    id: line.id,
    admin_graphql_api_id: `gid://shopify/LineItem/${line.id}`,
    attributed_staffs: [],
    current_quantity: line.current,
    fulfillable_quantity: line.current,
    fulfillment_service: 'manual',
    fulfillment_status: null,
    gift_card: false,
    grams: 250,
    name: title,
    price: amount(priceMinor),
    price_set: moneySet(priceMinor, currency),
    product_exists: true,
    product_id: ids.product(position),
    properties: [],
    quantity: line.quantity,
    requires_shipping: true,
    sales_line_item_group_id: null,
    sku: line.item,
    taxable: true,
    title,
    total_discount: '0.00',
    total_discount_set: moneySet(0, currency),
    variant_id: ids.variant(position),
    variant_inventory_management: 'shopify',
    variant_title: null,
    vendor: 'Practice Retailer',
    tax_lines: [],
    duties: [],
    discount_allocations: [],
  };
}
