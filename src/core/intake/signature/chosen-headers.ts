import type { WebhookDeclaration } from '@crossdock/connector-sdk';
import { single, type ReceivedHeaders } from './verify-signature.js';

const MOST_HEADERS = 32;
const MOST_CHARACTERS = 1_000;
const FAMILY = /^(?:x-)?[a-z0-9]+-/;
/** What proxies write. */
const FOREIGN = new Set(['x-forwarded-', 'x-real-']);

interface Choice {
  readonly names: ReadonlySet<string>;
  readonly families: readonly string[];
  readonly signature: string;
}

/** Worked out once a manifest: this runs for every delivery. */
const choices = new WeakMap<WebhookDeclaration, Choice>();

/**
 * The headers that are kept with a delivery for the connector and for support: what it is, who sent it, and the
 * sender's own family (`x-shopify-*`, `webhook-*`), told from the headers that the manifest names. The signature is left
 * out, and so is everything that somebody else may have put there (authorisation, cookies, proxies).
 */
export function chosenHeaders(declaration: WebhookDeclaration, headers: ReceivedHeaders): Record<string, string> {
  const { names, families, signature } = choiceOf(declaration);
  const chosen: Record<string, string> = {};
  let count = 0;
  for (const name of Object.keys(headers)) {
    const wanted = name !== signature && (names.has(name) || families.some((family) => name.startsWith(family)));
    const value = wanted ? single(headers, name) : undefined;
    if (value === undefined || count >= MOST_HEADERS) continue;
    chosen[name] = value.slice(0, MOST_CHARACTERS);
    count += 1;
  }
  return chosen;
}

function choiceOf(declaration: WebhookDeclaration): Choice {
  let choice = choices.get(declaration);
  if (!choice) {
    const { verification, deliveryIdHeader, topicHeader } = declaration;
    const named = [deliveryIdHeader, topicHeader, verification.timestamp?.header].flatMap((name) => (name ? [name.toLowerCase()] : []));
    const families = named.flatMap((name) => FAMILY.exec(name)?.[0] ?? []).filter((family) => !FOREIGN.has(family));
    choice = { names: new Set([...named, 'content-type', 'user-agent']), families: [...new Set(families)], signature: verification.header.toLowerCase() };
    choices.set(declaration, choice);
  }
  return choice;
}
