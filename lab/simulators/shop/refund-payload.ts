import type { GoodsBack, LineBack } from '../kit/documents.js';
import { amount, lineItem, moneySet, shopTime, type LineFacts, type ShopBooks } from './payload-parts.js';

/** `cancel`: the units never left. `return`: they came back. Both put them on the shelf of `location_id`. */
export type RestockType = 'cancel' | 'return';

/** The body of refunds/create, and one entry of an order's `refunds`. */
export function refund(back: GoodsBack, books: ShopBooks, restockType: RestockType): Record<string, unknown> {
  const { ids, currency } = books;
  const id = ids.refund(back);
  const orderId = back.order ? ids.order(back.order) : ids.orderBefore(back);
  const at = shopTime(back.occurredAt);
  const locationId = ids.location(back.location);
  return {
    id,
    order_id: orderId,
    created_at: at,
    note: restockType === 'cancel' ? 'Order cancelled' : 'Goods came back',
    user_id: 79_100_000_001,
    processed_at: at,
    duties: [],
    total_duties_set: moneySet(0, currency),
    return: null,
    restock: true,
    refund_shipping_lines: [],
    admin_graphql_api_id: `gid://shopify/Refund/${id}`,
    order_adjustments: [],
    refund_line_items: back.lines.map((line) => refundLine(back, line, books, { restockType, locationId })),
    transactions: [transaction(back, books, orderId, at)],
  };
}

function refundLine(back: GoodsBack, line: LineBack, books: ShopBooks, how: { restockType: RestockType; locationId: number }): Record<string, unknown> {
  const { ids, catalogue, currency } = books;
  const sold: LineFacts = back.order && line.soldAs
    ? { id: ids.lineItem(back.order, line.soldAs), item: line.item, quantity: line.soldAs.quantity, current: 0 }
    : { id: ids.lineItemBefore(back, line), item: line.item, quantity: line.quantity, current: 0 };
  const minor = line.quantity * catalogue.priceMinor(line.item);
  return {
    id: ids.refundLine(back, line),
    quantity: line.quantity,
    line_item_id: sold.id,
    location_id: how.locationId,
    restock_type: how.restockType,
    subtotal: minor / 100,
    total_tax: 0,
    subtotal_set: moneySet(minor, currency),
    total_tax_set: moneySet(0, currency),
    line_item: lineItem(sold, books),
  };
}

function transaction(back: GoodsBack, { ids, catalogue, currency }: ShopBooks, orderId: number, at: string): Record<string, unknown> {
  const id = ids.refund(back) + 5_000_000_000_000;
  const minor = back.lines.reduce((sum, line) => sum + line.quantity * catalogue.priceMinor(line.item), 0);
  return {
    id,
    admin_graphql_api_id: `gid://shopify/OrderTransaction/${id}`,
    amount: amount(minor),
    amount_rounding: null,
    authorization: null,
    created_at: at,
    currency,
    device_id: null,
    error_code: null,
    gateway: 'shopify_payments',
    kind: 'refund',
    location_id: null,
    manual_payment_gateway: false,
    message: null,
    order_id: orderId,
    parent_id: null,
    payment_id: `r${id}.1`,
    processed_at: at,
    receipt: {},
    source_name: 'web',
    status: 'success',
    test: false,
    // Here, and only here, Shopify says `currency` and not `currency_code`.
    total_unsettled_set: { presentment_money: { amount: '0.00', currency }, shop_money: { amount: '0.00', currency } },
    user_id: null,
  };
}
