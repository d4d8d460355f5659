import { createHmac } from 'node:crypto';
import type { WebhookSigner } from '../kit/deliveries.js';

export type PostingTopic = 'sales' | 'returns' | 'receipts' | 'adjustments' | 'counts';

export interface Posting {
  readonly number: number;
  readonly location: string;
  readonly lines: readonly { readonly position: number; readonly item: string; readonly quantity: number }[];
  readonly occurredAt: number;
}

/** The topic stands in the address; hex HMAC-SHA512 of "posting.body". */
export const signForTill: WebhookSigner = (message, body, link) => ({
  method: 'POST',
  path: `/webhooks/${encodeURIComponent(link.connectionId)}/${message.topic}`,
  headers: {
    'content-type': 'application/json',
    'user-agent': 'TillServer/9.4',
    'x-till-posting': message.deliveryId,
    'x-till-signature': createHmac('sha512', link.webhookSecret).update(`${message.deliveryId}.${body}`).digest('hex'),
  },
  body,
});

/** Unique over all stores and tills, as fiscal rules want it. */
export function receiptNumber(document: Pick<Posting, 'location' | 'number'>): string {
  return `${document.location}-${String(document.number).padStart(7, '0')}`;
}

export function posting(document: Posting): string {
  return JSON.stringify({
    receipt: receiptNumber(document),
    store: document.location,
    at: new Date(document.occurredAt).toISOString(),
    positions: document.lines.map(({ position, item, quantity }) => ({ position, sku: item, quantity })),
  });
}
