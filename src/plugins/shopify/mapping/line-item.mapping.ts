import type { ExternalRef } from '@crossdock/connector-sdk';
import type { ShopifyConfig } from '../config.js';
import { type Fields, optionalId, optionalText } from './payload.js';

export type LineSubject = { readonly kind: 'item'; readonly item: ExternalRef } | { readonly kind: 'leftOut'; readonly reason: string };

/**
 * Which item an order's line takes from the shelf, if any. README.md gives the reasons for each rule. Sales and
 * restocks both ask here, so that a line that took nothing can bring nothing back.
 */
export function subjectOfLine(line: Fields, config: ShopifyConfig): LineSubject {
  if (line['gift_card'] === true) return { kind: 'leftOut', reason: 'a gift card is no stock' };
  const sku = optionalText(line, 'sku');
  const variantId = optionalId(line, 'variant_id');
  if (variantId === undefined) return withoutVariant(sku, config);
  if (line['requires_shipping'] === false && line['variant_inventory_management'] === null) {
    return { kind: 'leftOut', reason: 'a line that is neither shipped nor tracked is a service' };
  }
  return { kind: 'item', item: { type: 'variant', id: variantId, ...(sku === undefined ? {} : { sku }) } };
}

function withoutVariant(sku: string | undefined, config: ShopifyConfig): LineSubject {
  if (sku === undefined || config.linesWithoutVariant !== 'sku') return { kind: 'leftOut', reason: 'a line without a variant names no item' };
  return { kind: 'item', item: { type: 'sku', id: sku, sku } };
}
