import { createHmac, randomBytes } from 'node:crypto';
import type { Root } from './root.js';

/** Stands in what the hub must never show. */
export const CANARY = `canary${randomBytes(12).toString('hex')}`;

const TILL = { id: 'torture-till', plugin: 'till', name: 'Torture till', config: { serverUrl: 'http://127.0.0.1:9' }, credentials: { serverKey: CANARY, webhookSecret: CANARY }, allowPrivateNetwork: true };
/** Lists items and locations, which the till does not; nobody listens at its address. */
const SHOP = { id: 'torture-shop', plugin: 'shopify', name: 'Torture shop', config: { shopUrl: 'http://127.0.0.1:9', locationId: '1' }, credentials: { accessToken: CANARY, webhookSecret: CANARY }, allowPrivateNetwork: true };
const ITEMS = ['A-1', 'A-2', 'B/3', 'Ü 4'];
const LOCATIONS = ['warehouse', 'store-1'];

/** Valid histories between the torture, so that there is something for it to reach: stock, holds, deliveries, exceptions. */
export class Flows {
  private round = 0;

  constructor(
    private readonly root: Root,
    /** A client's key that holds every scope. */
    private readonly key: string,
  ) {}

  async setUp(): Promise<void> {
    for (const id of ITEMS) await this.root.put(`/api/v1/items/${encodeURIComponent(id)}`, { name: `Item ${id}` }, this.key);
    await this.root.put('/api/v1/locations/warehouse', { name: 'Warehouse', type: 'warehouse' }, this.key);
    await this.root.put('/api/v1/locations/store-1', { name: 'Store', type: 'store' }, this.key);
    await this.root.put('/api/v1/channels/web', { name: 'Web', locations: LOCATIONS }, this.key);
    await this.root.post('/admin/v1/connections', TILL);
    await this.root.post('/admin/v1/connections', SHOP);
    await this.root.put(`/admin/v1/connections/${TILL.id}/cross-references`, { references: [{ entity: 'location', type: 'store', externalId: 'S1', canonicalId: 'store-1' }] });
    await this.step();
  }

  /** One more round. What the torture has made impossible meanwhile (a channel without locations, a closed connection) is no fault of the hub. */
  async step(): Promise<void> {
    this.round += 1;
    const at = new Date(Date.now() - 60_000).toISOString();
    const movements = ITEMS.map((item, index) => ({ eventId: `flow-${this.round}-${index}`, kind: 'receipt', item, quantity: 50, location: LOCATIONS[index % 2], occurredAt: at }));
    for (const act of [
      () => this.root.post('/api/v1/stock-movements', { movements }, this.key),
      () => this.root.post('/api/v1/stock-observations', { observations: [{ eventId: `count-${this.round}`, item: 'A-1', location: 'warehouse', quantity: 70, asOf: at }] }, this.key),
      () => this.hold(),
      () => this.deliver(),
    ]) await act().catch(() => undefined);
  }

  /** What a retailer does on a fresh day, with things of its own: it must work as if nothing had happened. @throws Error when it does not. */
  async prove(): Promise<void> {
    const id = `final-${this.round}`;
    await this.root.put(`/api/v1/items/${id}`, { name: id }, this.key);
    await this.root.put(`/api/v1/locations/${id}`, { name: id, type: 'warehouse' }, this.key);
    await this.root.put(`/api/v1/channels/${id}`, { name: id, locations: [id] }, this.key);
    const occurredAt = new Date().toISOString();
    await this.root.post('/api/v1/stock-movements', { movements: [{ eventId: id, kind: 'receipt', item: id, quantity: 10, location: id, occurredAt }] }, this.key);
    const hold = await this.root.post<{ id: string }>('/api/v1/reservations', { key: id, channel: id, ttlSeconds: 60, lines: [{ item: id, quantity: 3 }] }, this.key);
    await this.expectAvailable(id, 7);
    await this.root.post(`/api/v1/reservations/${hold.id}/consume`, { location: id }, this.key);
    await this.expectAvailable(id, 7);
    const { items } = await this.root.get<{ items: { onHand: number }[] }>(`/api/v1/stock-levels?item=${id}`, this.key);
    if (items[0]?.onHand !== 7) throw new Error(`10 came and 3 left, and the hub has ${items[0]?.onHand} on hand`);
  }

  private async expectAvailable(id: string, units: number): Promise<void> {
    const { items } = await this.root.get<{ items: { now: number }[] }>(`/api/v1/availability?channel=${id}&item=${id}`, this.key);
    if (items[0]?.now !== units) throw new Error(`${units} should be available, and the hub says ${items[0]?.now}`);
  }

  private async hold(): Promise<void> {
    const lines = [{ item: 'A-1', quantity: 1 }];
    const { id } = await this.root.post<{ id: string }>('/api/v1/reservations', { key: `flow-${this.round}`, channel: 'web', ttlSeconds: 3_600, lines }, this.key);
    if (this.round % 3 === 0) await this.root.post(`/api/v1/reservations/${id}/consume`, { location: 'warehouse' }, this.key);
    else if (this.round % 3 === 1) await this.root.call('POST', `/api/v1/reservations/${id}/release`, undefined, this.key);
  }

  /** A posting for a till that nobody has mapped: it is stored, and becomes an exception. */
  private async deliver(): Promise<void> {
    const body = JSON.stringify({ receipt: `R${this.round}`, store: 'S9', at: new Date().toISOString(), positions: [{ position: 1, sku: `unknown-${this.round}`, quantity: 1 }] });
    const id = `posting-${this.round}`;
    const signature = createHmac('sha512', CANARY).update(`${id}.${body}`).digest('hex');
    await this.root.call('POST', `/webhooks/${TILL.id}/sales`, body, '', { 'content-type': 'application/json', 'x-till-posting': id, 'x-till-signature': signature });
  }
}
