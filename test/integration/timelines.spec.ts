import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConnectionDirectory } from '../../src/core/connector/connection-directory.js';
import { CrossReferences } from '../../src/core/mapping/cross-references.js';
import type { Answer } from '../support/app.js';
import { moved, startIntakeApp, type IntakeApp } from '../support/intake.js';
import { BooksServer } from '../support/posting/books.js';

interface Entry { readonly at: string; readonly kind: string; readonly summary: string; readonly details: Record<string, unknown> }

let hub: IntakeApp;
let shop: Server;
const books = new BooksServer();

const timeline = async (id: string): Promise<Entry[]> => {
  const { status, body, text } = await hub.admin('GET', `/timelines/${id}`);
  if (status !== 200 && status !== 404) throw new Error(text);
  return (body.items ?? []) as Entry[];
};
const kinds = async (id: string): Promise<string[]> => (await timeline(id)).map(({ kind }) => kind);
const until = <Value>(look: () => Value) => expect.poll(look, { timeout: 30_000 });
const must = async (answer: Promise<Answer>): Promise<void> => expect((await answer).status).toBeLessThan(300);

beforeAll(async () => {
  hub = await startIntakeApp({}, 'healthy', 'books');
  shop = createServer((request, response) => request.resume().on('end', () => response.end('{}')));
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  await must(hub.admin('POST', '/connections', { id: 'shop', plugin: 'healthy', name: 'Shop', config: { baseUrl, path: '/stock' }, credentials: { token: 't', webhookSecret: 's' }, matchItemsBy: 'sku', allowPrivateNetwork: true }));
  await must(hub.api('PUT', '/channels/web', { name: 'Web', locations: ['store-1'], connection: 'shop' }));
  await must(hub.admin('POST', '/connections', { id: 'erp', plugin: 'books', name: 'ERP', config: { host: await books.start() }, credentials: { token: 't' }, allowPrivateNetwork: true }));
  const erp = (await hub.app.get(ConnectionDirectory).byId('erp'))?.sourceId ?? 0;
  await hub.app.get(CrossReferences).save(erp, [{ entity: 'item', type: 'product', externalId: 'p-A', canonical: 'A', alias: false }, { entity: 'location', type: 'place', externalId: 'main', canonical: 'store-1', alias: false }]);
  await must(hub.admin('PUT', '/connections/erp/posting', { from: 'now' }));
});

afterAll(async () => {
  await hub?.stop();
  books.stop();
  shop?.closeAllConnections();
  shop?.close();
});

describe('the timeline of a correlation id', () => {
  it('leads from the webhook through ledger and books to the channel', async () => {
    await must(hub.send({ events: [moved({ movement: 'receipt', quantity: 7, eventId: 'story-1' })] }, { id: 'd-story', headers: { 'x-correlation-id': 'story-1' } }));
    await until(async () => (await kinds('story-1')).sort()).toEqual(['channel.told', 'delivery.finished', 'delivery.received', 'stock.moved']);
    await until(async () => (await timeline('story-1')).find(({ kind }) => kind === 'stock.moved')?.details.books).toEqual([{ connection: 'erp', state: 'settled' }]);
    const entries = await timeline('story-1');
    expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).sort());
    const of = (kind: string): Entry | undefined => entries.find((entry) => entry.kind === kind);
    expect(entries[0]).toMatchObject({ kind: 'delivery.received', details: { connection: 'tape-1', senderKey: 'd-story', topic: 'stock', state: 'done', feed: null } });
    expect(of('delivery.finished')?.details).toMatchObject({ state: 'done', applied: 1, repeated: 0 });
    expect(of('stock.moved')).toMatchObject({ summary: '7 of A went from supplier to store-1 (receipt). Settled in the books of erp.', details: { eventId: 'story-1', position: expect.stringMatching(/^\d+\.\d+\.\d+$/) } });
    expect(of('channel.told')).toMatchObject({ summary: 'web was told 7 of A, which covers this change.', details: { channel: 'web', item: 'A', published: { quantity: 7 } } });
    expect(books.written.filter(({ item }) => item.id === 'p-A')).toHaveLength(1);
  });

  it('says that the channel waits while nobody can tell it, and that the books have not come so far', async () => {
    await must(hub.admin('POST', '/connections/shop/disable'));
    await must(hub.admin('POST', '/connections/erp/posting/pause'));
    await must(hub.api('POST', '/stock-movements', { movements: [{ eventId: 'wait-1', kind: 'receipt', item: 'A', quantity: 1, location: 'store-1', occurredAt: new Date().toISOString() }] }));
    const { correlationId } = ((await hub.api('GET', '/ledger?item=A&limit=1000')).body.items as { eventId: string; correlationId: string }[]).find(({ eventId }) => eventId === 'wait-1') ?? { correlationId: '' };
    expect((await timeline(correlationId)).sort((a, b) => (a.kind < b.kind ? -1 : 1))).toMatchObject([
      { kind: 'channel.waits', details: { now: 8, published: { quantity: 7 } } },
      { kind: 'stock.moved', details: { books: [{ connection: 'erp', state: 'ahead' }] } },
    ]);
    await must(hub.admin('POST', '/connections/shop/enable'));
    await must(hub.admin('POST', '/connections/erp/posting/resume'));
    await until(() => kinds(correlationId)).toEqual(['stock.moved', 'channel.told']);
  });

  it('says what is held, and by which exception', async () => {
    await must(hub.send({ events: [moved({ item: 'nobody-knows-it' })] }, { headers: { 'x-correlation-id': 'held-1' } }));
    await until(() => kinds('held-1')).toContain('delivery.held');
    expect((await timeline('held-1')).find(({ kind }) => kind === 'delivery.held')?.details).toMatchObject({ event: 'StockMoved', exceptions: [{ class: 'UNMAPPED_ITEM' }] });
  });

  it('holds writes of the admin side, without who made them or what was sent', async () => {
    await must(hub.call('POST', '/admin/v1/connections/shop/enable', undefined, { token: hub.adminToken, headers: { 'x-correlation-id': 'audit-1' } }));
    expect(await timeline('audit-1')).toEqual([{ at: expect.any(String), kind: 'admin.write', summary: expect.any(String), details: { seq: expect.any(Number), action: 'POST /admin/v1/connections/:id/enable', status: expect.any(Number) } }]);
  });

  it('is paged, each entry on exactly one page', async () => {
    await must(hub.send({ events: [1, 2, 3, 4].map((n) => moved({ movement: 'receipt', eventId: `paged-${n}`, item: n % 2 ? 'A' : 'B', location: 'store-2' })) }, { headers: { 'x-correlation-id': 'paged-1' } }));
    await until(() => kinds('paged-1')).toHaveLength(6);
    const pages: Entry[] = [];
    for (let after = ''; ; ) {
      const { items, next } = (await hub.admin('GET', `/timelines/paged-1?limit=2&after=${after}`)).body as { items: Entry[]; next: string | null };
      pages.push(...items);
      if (next === null) break;
      after = next;
    }
    expect(pages).toEqual(await timeline('paged-1'));
  });

  it('is not there for an id that nothing is known of, or that cannot be one', async () => {
    for (const id of ['never-heard-of', '%20', 'x'.repeat(65), '%27%20or%201=1']) {
      const answer = await hub.admin('GET', `/timelines/${id}`);
      expect([id, answer.status, answer.body.code]).toEqual([id, 404, 'NOT_FOUND']);
    }
  });

  it('is found by an index', async () => {
    const plans = await Promise.all(['intake.delivery', 'inventory.movement'].map((table) => hub.db.transaction(async (tx) => {
      await tx.execute('set local enable_seqscan = off');
      return JSON.stringify(await tx.query(`explain select * from ${table} x where hashtext(x.correlation_id) = hashtext('a') and x.correlation_id = 'a'`));
    })));
    expect(plans).toEqual([expect.stringContaining('delivery_correlation'), expect.stringContaining('movement_correlation')]);
  });
});
