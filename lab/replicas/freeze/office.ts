import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubApi } from '../../hub-api.js';
import type { Depot } from './depot.js';

/** An item, and what the depot calls it. */
export const ARTICLES = ['sold', 'shipped', 'received'] as const;
export type Article = (typeof ARTICLES)[number];

export const OPENING = 1_000;
const CHANNEL = 'depot-shop';
const WITHIN_MS = 120_000;

export interface Keys {
  readonly admin: string;
  readonly office: string;
}

/** Waits for something that the hub does by itself. @throws Error that says what never came. */
export async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + WITHIN_MS; ; await sleep(50)) {
    if (await look()) return;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${WITHIN_MS / 1_000} s`);
  }
}

/** What a person does at one replica: the keys are good at each. */
export class Office {
  private readonly admin: HubApi;
  private readonly hub: HubApi;

  constructor(
    private readonly url: string,
    readonly keys: Keys,
  ) {
    this.admin = new HubApi(url, keys.admin);
    this.hub = new HubApi(url, keys.office);
  }

  static async claim(url: string, setupToken: string): Promise<Office> {
    const login = { email: 'depot@retailer.test', password: randomBytes(18).toString('base64url') };
    const nobody = new HubApi(url, undefined);
    await nobody.post('/admin/v1/setup', { token: setupToken, ...login });
    const admin = (await nobody.post<{ token: string }>('/admin/v1/sessions', login)).token;
    const { key } = await nobody.as(admin).post<{ key: string }>('/admin/v1/clients', { name: 'office', scopes: ['catalog:read', 'catalog:write', 'stock:read', 'stock:write'] });
    return new Office(url, { admin, office: key });
  }

  /** Items with stock, a channel that the first depot shows, and books that begin now. */
  async open([first, ...others]: readonly [Depot, ...Depot[]]): Promise<void> {
    for (const article of ARTICLES) await this.hub.put(`/api/v1/items/${article}`, { name: article });
    await this.hub.put('/api/v1/locations/hall', { name: 'Hall', type: 'warehouse' });
    for (const article of ARTICLES) await this.move(article, 'receipt', OPENING, 'opening');
    for (const { name, url, secret } of [first, ...others]) {
      await this.admin.post('/admin/v1/connections', { id: name, plugin: 'depot', name, config: { serverUrl: url }, credentials: { webhookSecret: secret }, allowPrivateNetwork: true });
      const references = [{ entity: 'location', type: 'hall', externalId: 'H1', canonicalId: 'hall' }, ...ARTICLES.map((article) => ({ entity: 'item', type: 'article', externalId: article, canonicalId: article }))];
      await this.admin.put(`/admin/v1/connections/${name}/cross-references`, { references });
      await this.admin.put(`/admin/v1/connections/${name}/posting`, { from: 'now' });
    }
    await this.hub.put(`/api/v1/channels/${CHANNEL}`, { name: CHANNEL, locations: ['hall'], connection: first.name });
    await until('the opening stock is told', () => ARTICLES.every((article) => first.believed.get(article)?.available === OPENING));
    for (const { name } of [first, ...others]) await until('the feed is read', async () => (await this.feed(name)).state === 'current');
  }

  async move(item: Article, kind: 'receipt' | 'sale', quantity: number, eventId: string): Promise<void> {
    const movement = { eventId: `${eventId}-${item}`, kind, item, quantity, location: 'hall', occurredAt: new Date().toISOString() };
    await this.hub.post('/api/v1/stock-movements', { movements: [movement] });
  }

  async notify(depot: Depot, { body, headers }: ReturnType<Depot['ship']>): Promise<void> {
    const answer = await fetch(`${this.url}/webhooks/${depot.name}/shipped`, { method: 'POST', headers, body });
    if (answer.status !== 202) throw new Error(`a notice was answered ${answer.status}: ${await answer.text()}`);
    await answer.arrayBuffer();
  }

  async poll(depot: Depot): Promise<void> {
    await this.admin.post(`/admin/v1/connections/${depot.name}/feeds/receipts/poll`, {});
  }

  feed(connection: string): Promise<{ state: string; recordsNew: number; recordsRepeated: number; cursor: string | null }> {
    return this.admin.get(`/admin/v1/connections/${connection}/feeds/receipts`);
  }

  posting(connection: string): Promise<{ behind: { entries: number }; held: Readonly<Record<string, number>>; posted: Readonly<Record<'applied' | 'duplicate', number>> }> {
    return this.admin.get(`/admin/v1/connections/${connection}/posting`);
  }

  async deliveries(connection: string): Promise<readonly { senderKey: string; state: string }[]> {
    return (await this.admin.get<{ items: { senderKey: string; state: string }[] }>(`/admin/v1/deliveries?connection=${connection}&limit=500`)).items;
  }

  async onHand(article: Article): Promise<number | undefined> {
    return (await this.hub.get<{ items: { onHand: number }[] }>(`/api/v1/stock-levels?item=${article}`)).items[0]?.onHand;
  }

  /** Event ids of the ledger's movements of an item. */
  async events(article: Article): Promise<string[]> {
    return (await this.hub.get<{ items: { eventId: string }[] }>(`/api/v1/ledger?item=${article}&limit=1000`)).items.map(({ eventId }) => eventId);
  }
}
