import { createHmac, randomBytes } from 'node:crypto';

/** Stands in what the hub must never show. */
export const CANARY = `canary${randomBytes(12).toString('hex')}`;

/** Nobody listens at the addresses of these systems: what the hub tells them fails, which is a fate of its own. */
const NOWHERE = 'http://127.0.0.1:9';
const onPremises = { allowPrivateNetwork: true } as const;

const TILL = { id: 'torture-till', plugin: 'till', name: 'Torture till', config: { serverUrl: NOWHERE }, credentials: { serverKey: CANARY, webhookSecret: CANARY }, ...onPremises };
/** Takes webhooks whose topic stands in a header, keeps subscriptions, lists items and locations. */
const SHOP = { id: 'torture-shop', plugin: 'shopify', name: 'Torture shop', config: { shopUrl: NOWHERE, locationId: '1' }, credentials: { accessToken: CANARY, webhookSecret: CANARY }, ...onPremises };
/** Has a feed, and books to post into. */
const BOOKS = { id: 'torture-books', plugin: 'tryton', name: 'Torture books', config: { url: NOWHERE, database: 'books', user: 'hub' }, credentials: { password: CANARY }, ...onPremises };
const OTHER_SHOP = { id: 'torture-vendure', plugin: 'vendure', name: 'Torture shop with a feed', config: { shopUrl: NOWHERE, locationId: '1' }, credentials: { username: 'hub', password: CANARY }, ...onPremises };

export const CONNECTIONS = { till: TILL, shop: SHOP, books: BOOKS, otherShop: OTHER_SHOP } as const;

/** Cross-references of the till. Saved anew in each round, since removing a reference is an operation like any other. */
export const NAMED_AGAIN = [
  { entity: 'item', type: 'variant', externalId: 'V1', canonicalId: 'A-1' },
  { entity: 'location', type: 'store', externalId: 'S1', canonicalId: 'store-1' },
] as const;

/** A webhook as the system that it comes from would sign it. */
export interface Delivery {
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function tillDelivery(id: string, topic: string, body: Buffer): Delivery {
  const signature = createHmac('sha512', CANARY).update(`${id}.`).update(body).digest('hex');
  return { target: `/webhooks/${TILL.id}/${topic}`, headers: { 'content-type': 'application/json', 'x-till-posting': id, 'x-till-signature': signature } };
}

export function shopDelivery(id: string, topic: string, body: Buffer): Delivery {
  const signature = createHmac('sha256', CANARY).update(body).digest('base64');
  return { target: `/webhooks/${SHOP.id}`, headers: { 'content-type': 'application/json', 'x-shopify-webhook-id': id, 'x-shopify-topic': topic, 'x-shopify-hmac-sha256': signature } };
}
