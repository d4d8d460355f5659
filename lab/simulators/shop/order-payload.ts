import type { BookedOrder, GoodsBack } from '../kit/documents.js';
import { amount, lineItem, moneySet, shopTime, type ShopBooks } from './payload-parts.js';
import { refund } from './refund-payload.js';

/** The body of orders/create; with the cancelling refund, the body of orders/cancelled. */
export function orderPayload(order: BookedOrder, books: ShopBooks, cancelledBy?: GoodsBack): string {
  const { ids, catalogue, currency, domain } = books;
  const id = ids.order(order);
  const ordered = order.lines.reduce((sum, line) => sum + line.quantity * catalogue.priceMinor(line.item), 0);
  const current = cancelledBy ? 0 : ordered;
  const placed = shopTime(order.occurredAt);
  const changed = shopTime(cancelledBy?.occurredAt ?? order.occurredAt);
  return JSON.stringify({
    id,
    admin_graphql_api_id: `gid://shopify/Order/${id}`,
    ...steady(currency),
    cancel_reason: cancelledBy ? 'customer' : null,
    cancelled_at: cancelledBy ? changed : null,
    cart_token: null,
    checkout_token: null,
    closed_at: null,
    confirmation_number: `C${order.number}`,
    created_at: placed,
    current_subtotal_price: amount(current),
    current_subtotal_price_set: moneySet(current, currency),
    current_total_price: amount(current),
    current_total_price_set: moneySet(current, currency),
    financial_status: cancelledBy ? 'refunded' : 'paid',
    line_items: order.lines.map((line) => lineItem({ id: ids.lineItem(order, line), item: line.item, quantity: line.quantity, current: cancelledBy ? 0 : line.quantity }, books)),
    name: `#${1000 + order.number}`,
    number: order.number,
    order_number: 1000 + order.number,
    order_status_url: `https://${domain}/orders/${id}/authenticate`,
    processed_at: placed,
    refunds: cancelledBy ? [refund(cancelledBy, books, 'cancel')] : [],
    subtotal_price: amount(ordered),
    subtotal_price_set: moneySet(ordered, currency),
    token: `t${id.toString(16)}`,
    total_line_items_price: amount(ordered),
    total_line_items_price_set: moneySet(ordered, currency),
    total_outstanding: '0.00',
    total_price: amount(ordered),
    total_price_set: moneySet(ordered, currency),
    updated_at: changed,
  });
}

/** What is the same for every order of this shop: one customer at one address, no discounts, taxes or duties. */
function steady(currency: string): Record<string, unknown> {
  const zero = moneySet(0, currency);
  return {
    ...buyer(currency),
    app_id: 580_111,
    confirmed: true,
    currency,
    current_shipping_price_set: zero,
    current_total_additional_fees_set: null,
    current_total_discounts: '0.00',
    current_total_discounts_set: zero,
    current_total_duties_set: null,
    current_total_tax: '0.00',
    current_total_tax_set: zero,
    discount_codes: [],
    duties_included: false,
    estimated_taxes: false,
    fulfillment_status: null,
    landing_site: null,
    landing_site_ref: null,
    line_item_groups: [],
    location_id: null,
    merchant_business_entity_id: 'MTU0ODM4MDAwOQ',
    merchant_of_record_app_id: null,
    note: null,
    note_attributes: [],
    original_total_additional_fees_set: null,
    original_total_duties_set: null,
    payment_gateway_names: ['shopify_payments'],
    po_number: null,
    presentment_currency: currency,
    reference: null,
    referring_site: null,
    source_identifier: null,
    source_name: 'web',
    source_url: null,
    tags: '',
    tax_exempt: false,
    tax_lines: [],
    taxes_included: true,
    test: false,
    total_cash_rounding_payment_adjustment_set: zero,
    total_cash_rounding_refund_adjustment_set: zero,
    total_discounts: '0.00',
    total_discounts_set: zero,
    total_shipping_price_set: zero,
    total_tax: '0.00',
    total_tax_set: zero,
    total_tip_received: '0.00',
    total_weight: 0,
    user_id: null,
    discount_applications: [],
    fulfillments: [],
    payment_terms: null,
    returns: [],
    shipping_lines: [],
  };
}

function buyer(currency: string): Record<string, unknown> {
  return {
    browser_ip: null,
    buyer_accepts_marketing: false,
    client_details: { accept_language: 'en', browser_height: null, browser_ip: '192.0.2.10', browser_width: null, session_hash: null, user_agent: 'Mozilla/5.0' },
    contact_email: 'customer@shop.example',
    customer_locale: 'en',
    device_id: null,
    email: 'customer@shop.example',
    phone: null,
    billing_address: { ...PERSON, ...PLACE, latitude: null, longitude: null },
    customer: customer(currency),
    shipping_address: { ...PERSON, ...PLACE, latitude: null, longitude: null },
  };
}

const PERSON = { first_name: 'Ada', last_name: 'Customer', name: 'Ada Customer', company: null, phone: '+44 20 7946 0000' };
const PLACE = { address1: '1 High Street', address2: null, city: 'London', province: 'England', country: 'United Kingdom', zip: 'SW1A 1AA', country_code: 'GB', province_code: 'ENG' };

function customer(currency: string): Record<string, unknown> {
  const id = 6_900_000_000_001;
  return {
    id,
    admin_graphql_api_id: `gid://shopify/Customer/${id}`,
    created_at: null,
    updated_at: null,
    first_name: PERSON.first_name,
    last_name: PERSON.last_name,
    state: 'disabled',
    note: null,
    verified_email: true,
    multipass_identifier: null,
    tax_exempt: false,
    email: 'customer@shop.example',
    phone: null,
    currency,
    tax_exemptions: [],
    default_address: { id: 8_100_000_000_001, customer_id: id, ...PERSON, ...PLACE, country_name: 'United Kingdom', default: true },
  };
}
