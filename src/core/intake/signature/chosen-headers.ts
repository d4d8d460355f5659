import type { WebhookDeclaration } from '@crossdock/connector-sdk';
import { single, type ReceivedHeaders } from './verify-signature.js';

const MOST_HEADERS = 32;
const MOST_CHARACTERS = 1_000;
const FAMILY = /^(?:x-)?[a-z0-9]+-/;

/**
 * The headers that are kept with a delivery for the connector and for support: what it is, who sent it, and the
 * sender's own family (`x-shopify-*`, `webhook-*`), told from the headers that the manifest names. The signature is left
 * out, and so is everything that somebody else may have put there (authorisation, cookies, proxies).
 */
export function chosenHeaders(declaration: WebhookDeclaration, headers: ReceivedHeaders): Record<string, string> {
  const { verification, deliveryIdHeader, topicHeader } = declaration;
  const named = [deliveryIdHeader, topicHeader, verification.timestamp?.header].flatMap((name) => (name ? [name.toLowerCase()] : []));
  const families = named.flatMap((name) => FAMILY.exec(name)?.[0] ?? []).filter((family) => family !== 'x-forwarded-' && family !== 'x-real-');
  const signature = verification.header.toLowerCase();
  const chosen: Record<string, string> = {};
  let count = 0;
  for (const name of Object.keys(headers)) {
    const wanted = name === 'content-type' || name === 'user-agent' || named.includes(name) || families.some((family) => name.startsWith(family));
    const value = wanted && name !== signature ? single(headers, name) : undefined;
    if (value === undefined || count >= MOST_HEADERS) continue;
    chosen[name] = value.slice(0, MOST_CHARACTERS);
    count += 1;
  }
  return chosen;
}
