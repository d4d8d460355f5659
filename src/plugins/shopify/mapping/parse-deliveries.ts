import type { ParseResult, Delivery } from '@crossdock/connector-sdk';
import type { ShopifyConfig } from '../config.js';
import { readInventoryLevel } from './inventory-level.mapping.js';
import { parseLosslessJson } from './lossless-json.js';
import { readOrder } from './order.mapping.js';
import { asFields, type Fields, UnreadablePayload } from './payload.js';
import type { Reading } from './reading.js';
import { readRefund } from './refund.mapping.js';

type Reader = (body: Fields, config: ShopifyConfig, delivery: Delivery) => Reading;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['orders/create', (body, config) => readOrder(body, config)],
  ['orders/cancelled', (body, config) => readOrder(body, config)],
  ['refunds/create', (body, config) => readRefund(body, config)],
  ['inventory_levels/update', (body, _config, delivery) => readInventoryLevel(body, delivery.headers['x-shopify-triggered-at'])],
]);

/** Pure: one answer a delivery, in the same order; whatever is in one of them, the others are read. */
export function parseDeliveries(config: ShopifyConfig, deliveries: readonly Delivery[]): ParseResult[] {
  return deliveries.map((delivery) => parseWebhook(config, delivery));
}

function parseWebhook(config: ShopifyConfig, delivery: Delivery): ParseResult {
  const read = READERS.get(delivery.topic);
  if (read === undefined) return { kind: 'ignored', reason: `topic ${delivery.topic} tells nothing of stock` };
  // "Send test notification" in Shopify's settings delivers a sample that names things that never existed.
  if (delivery.headers['x-shopify-test'] === 'true') return { kind: 'ignored', reason: 'a test notification' };
  try {
    const { events, leftOut } = read(asFields(parseLosslessJson(delivery.body), 'the body'), config, delivery);
    return events.length > 0 ? { kind: 'events', events } : { kind: 'ignored', reason: reasonOf(leftOut) };
  } catch (error) {
    return { kind: 'failed', reason: failureOf(error) };
  }
}

function reasonOf(leftOut: readonly string[]): string {
  return leftOut.length === 0 ? 'an order without lines' : [...new Set(leftOut)].join('; ');
}

/** The parser's own messages quote the body, and the body holds personal data: only this connector's words are kept. */
function failureOf(error: unknown): string {
  if (error instanceof UnreadablePayload) return error.message;
  if (error instanceof SyntaxError) return 'the body is no JSON';
  if (error instanceof RangeError) return 'the body is nested too deeply';
  return 'the body could not be read';
}
