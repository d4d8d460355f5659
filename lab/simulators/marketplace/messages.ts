import { createHmac } from 'node:crypto';
import type { Catalogue } from '../kit/catalogue.js';
import type { WebhookSigner } from '../kit/deliveries.js';
import type { BookedLine, BookedOrder, GoodsBack } from '../kit/documents.js';

const iso = (at: number): string => new Date(at).toISOString();

/** `Marketplace-Signature: v1=<hex HMAC-SHA256 of "timestamp.body">`, signed anew for each attempt. */
export const signForMarketplace: WebhookSigner = (message, body, link) => {
  const timestamp = String(Math.floor(Date.now() / 1000));
  return {
    method: 'POST',
    path: `/webhooks/${encodeURIComponent(link.connectionId)}`,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Marketplace-Notifications/1.0',
      'marketplace-topic': message.topic,
      'marketplace-delivery': message.deliveryId,
      'marketplace-timestamp': timestamp,
      'marketplace-signature': `v1=${createHmac('sha256', link.webhookSecret).update(`${timestamp}.${body}`).digest('hex')}`,
    },
    body,
  };
};

/** How one marketplace writes its documents down. */
export class MarketplaceMessages {
  constructor(private readonly prefix: string, private readonly catalogue: Catalogue, private readonly currency: string) {}

  orderId(order: BookedOrder): string {
    return `${this.prefix}-${String(order.number).padStart(8, '0')}`;
  }

  orderLineId(order: BookedOrder, line: BookedLine): string {
    return `${this.orderId(order)}-${line.position}`;
  }

  returnId(back: GoodsBack): string {
    return `${this.prefix}-R${String(back.number).padStart(8, '0')}`;
  }

  orderCreated(order: BookedOrder): string {
    const at = iso(order.occurredAt);
    return JSON.stringify({
      event: 'order.created',
      occurred_at: at,
      order: {
        order_id: this.orderId(order),
        status: 'confirmed',
        purchased_at: at,
        ship_from: order.location,
        currency: this.currency,
        lines: order.lines.map((line) => ({
          order_line_id: this.orderLineId(order, line),
          sku: line.item,
          title: this.catalogue.title(line.item),
          quantity: line.quantity,
          unit_price_minor: this.catalogue.priceMinor(line.item),
        })),
      },
    });
  }

  orderCancelled(order: BookedOrder, back: GoodsBack): string {
    const at = iso(back.occurredAt);
    return JSON.stringify({
      event: 'order.cancelled',
      occurred_at: at,
      order: {
        order_id: this.orderId(order),
        status: 'cancelled',
        cancelled_at: at,
        ship_from: order.location,
        lines: back.lines.map((line) => ({ order_line_id: line.soldAs ? this.orderLineId(order, line.soldAs) : null, sku: line.item, quantity: line.quantity })),
      },
    });
  }

  returnReceived(back: GoodsBack): string {
    const at = iso(back.occurredAt);
    const order = back.order;
    return JSON.stringify({
      event: 'return.received',
      occurred_at: at,
      return: {
        return_id: this.returnId(back),
        order_id: order ? this.orderId(order) : null,
        received_at: at,
        received_by: back.location,
        lines: back.lines.map((line) => ({
          return_line_id: String(line.position),
          order_line_id: order && line.soldAs ? this.orderLineId(order, line.soldAs) : null,
          sku: line.item,
          quantity: line.quantity,
          condition: 'sellable',
        })),
      },
    });
  }
}
