import { CONNECTIONS, NAMED_AGAIN, shopDelivery, tillDelivery, type Delivery } from './outside.js';
import type { Root } from './root.js';

const ITEMS = ['A-1', 'A-2', 'B/3', 'Ü 4'];
const LOCATIONS = ['warehouse', 'store-1'];
const TILL = CONNECTIONS.till.id;
const BOOKS = CONNECTIONS.books.id;

/** Valid histories between the torture, so that there is something for it to reach: stock, holds, deliveries, exceptions. */
export class Flows {
  private round = 0;

  constructor(
    private readonly root: Root,
    /** A client's key that holds every scope. */
    private readonly key: string,
    /** The key of the client by which the torture calls: holds are seen by who made them, and by nobody else. */
    private readonly torturersKey: () => string,
  ) {}

  async setUp(): Promise<void> {
    for (const id of ITEMS) await this.root.put(`/api/v1/items/${encodeURIComponent(id)}`, { name: `Item ${id}` }, this.key);
    await this.root.put('/api/v1/locations/warehouse', { name: 'Warehouse', type: 'warehouse' }, this.key);
    await this.root.put('/api/v1/locations/store-1', { name: 'Store', type: 'store' }, this.key);
    await this.root.put('/api/v1/channels/web', { name: 'Web', locations: LOCATIONS }, this.key);
    for (const connection of Object.values(CONNECTIONS)) await this.root.post('/admin/v1/connections', connection);
    await this.root.put(`/admin/v1/connections/${CONNECTIONS.books.id}/posting`, { from: 'beginning' });
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
      () => this.root.put(`/admin/v1/connections/${TILL}/cross-references`, { references: NAMED_AGAIN }),
      () => this.hold(),
      // Left to be settled by the torture.
      () => this.promise(this.torturersKey()),
      () => this.deliver(),
      () => this.root.post('/admin/v1/clients', { name: `client ${this.round}`, scopes: ['stock:read'] }),
      () => this.root.post(`/admin/v1/connections/${BOOKS}/enable`, undefined),
      () => this.root.get(`/admin/v1/connections/${BOOKS}/posting/held`),
      () => this.holdBack(at),
      () => this.root.post('/admin/v1/users', { email: `invited-${process.pid}-${this.round}@example.test`, role: 'viewer' }),
      () => this.root.put(`/admin/v1/connections/${CONNECTIONS.shop.id}/subscriptions`, {}),
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

  private async promise(key: string): Promise<string> {
    const hold = { key: `flow-${this.round}`, channel: 'web', ttlSeconds: 3_600, lines: [{ item: 'A-1', quantity: 1 }] };
    return (await this.root.post<{ id: string }>('/api/v1/reservations', hold, key)).id;
  }

  private async hold(): Promise<void> {
    const id = await this.promise(this.key);
    if (this.round % 3 === 0) await this.root.post(`/api/v1/reservations/${id}/consume`, { location: 'warehouse' }, this.key);
    else if (this.round % 3 === 1) await this.root.call('POST', `/api/v1/reservations/${id}/release`, undefined, this.key);
  }

  /** A movement that the books cannot be told of. What torture has mapped meanwhile fails there and would keep everything behind it waiting, so the books go on from now. */
  private async holdBack(occurredAt: string): Promise<void> {
    const item = `unmapped-${this.round}`;
    await this.root.put(`/api/v1/items/${item}`, { name: item }, this.key);
    await this.root.put(`/admin/v1/connections/${BOOKS}/posting`, { from: 'now', restart: true });
    await this.root.post(`/admin/v1/connections/${BOOKS}/posting/resume`, undefined);
    await this.root.post('/api/v1/stock-movements', { movements: [{ eventId: item, kind: 'receipt', item, quantity: 1, location: 'warehouse', occurredAt }] }, this.key);
  }

  /** A posting for a till that nobody has mapped, which is stored and becomes an exception; and a count that a shop tells. */
  private async deliver(): Promise<void> {
    const posting = Buffer.from(JSON.stringify({ receipt: `R${this.round}`, store: 'S9', at: new Date().toISOString(), positions: [{ position: 1, sku: `unknown-${this.round}`, quantity: 1 }] }));
    await this.send(tillDelivery(`posting-${this.round}`, 'sales', posting), posting);
    const level = Buffer.from(JSON.stringify({ inventory_item_id: this.round, location_id: 1, available: 17, updated_at: new Date().toISOString() }));
    await this.send(shopDelivery(`level-${this.round}`, 'inventory_levels/update', level), level);
  }

  private send({ target, headers }: Delivery, body: Buffer): Promise<unknown> {
    return this.root.call('POST', target, body.toString('utf8'), '', headers);
  }
}
