import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moved, sign } from '../support/intake.js';
import { startFeedsApp, type FeedsApp } from '../support/feeds/feeds-app.js';

interface Feed { readonly connection: string; readonly name: string; readonly state: string }
interface FeedPage { readonly items: readonly Feed[]; readonly next: string | null; readonly counts: Record<string, number> }

let hub: FeedsApp;

/** Two connections of two feeds each: `alpha` is refused, `beta` has been paused and told by webhook as well. */
beforeAll(async () => {
  hub = await startFeedsApp();
  for (const id of ['beta', 'alpha']) await hub.printer(id);
  hub.outside.clear();
  hub.outside.add('moves', ...Array.from({ length: 5 }, (_, n) => ({ id: `m${n}`, events: [moved({ eventId: `m${n}`, quantity: 1 })] })), { id: 'torn', fail: 'torn paper' });
  hub.outside.add('counts', { id: 'c0' });
  await hub.turn('beta');
  await hub.turn('beta', 'counts');
  await hub.steer('beta', 'pause', undefined, 'counts');
  hub.outside.instead.push(() => ({ kind: 'config', message: 'no such key' }));
  await hub.turn('alpha');
  const body = Buffer.from(JSON.stringify({ events: [moved({ eventId: 'by-webhook', quantity: 1 })] }));
  const headers = { 'content-type': 'application/json', 'x-tape-hmac': sign(body), 'x-tape-delivery': 'w1', 'x-tape-topic': 'stock' };
  expect((await hub.call('POST', '/webhooks/beta', body, { headers })).status).toBe(202);
  await hub.settled();
});

afterAll(() => hub.stop());

describe('the list of all feeds', () => {
  const list = async (query = ''): Promise<FeedPage> => (await hub.admin('GET', `/feeds?${query}`)).body as unknown as FeedPage;
  const named = ({ items }: FeedPage): string[] => items.map(({ connection, name, state }) => `${connection} ${name} ${state}`);
  const ALL = ['alpha counts current', 'alpha moves refused', 'beta counts paused', 'beta moves current'];

  it('shows each feed of each connection with where it stands and what is wrong', async () => {
    const page = await list();
    expect(named(page)).toEqual(ALL);
    expect(page).toMatchObject({ next: null, counts: { current: 2, refused: 1, paused: 1 } });
    expect(page.items[1]).toEqual({ connection: 'alpha', ...(await hub.admin('GET', '/connections/alpha/feeds/moves')).body, lagSeconds: expect.anything() });
    expect(page.items[1]).toMatchObject({ failures: 1, lastError: { code: 'CONNECTION_REFUSED', detail: expect.stringContaining('no such key') } });
  });

  it('is paged, each feed on one page', async () => {
    const seen: string[] = [];
    for (let after = ''; ;) {
      const page = await list(`limit=1&after=${after}`);
      seen.push(...named(page));
      if (page.next === null) break;
      after = page.next;
    }
    expect(seen).toEqual(ALL);
  });

  it('is narrowed by state and by connection', async () => {
    expect(named(await list('state=current'))).toEqual(['alpha counts current', 'beta moves current']);
    expect(await list('state=refused&connection=beta')).toEqual({ items: [], next: null, counts: { current: 1, paused: 1 } });
    expect((await hub.admin('GET', '/feeds?connection=none')).body).toMatchObject({ code: 'CONNECTION_NOT_FOUND' });
    expect((await hub.admin('GET', '/feeds?state=well')).body).toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});

describe('the list of deliveries', () => {
  const keys = async (query: string): Promise<string[]> => ((await hub.admin('GET', `/deliveries?${query}`)).body.items as { senderKey: string }[]).map(({ senderKey }) => senderKey);

  it('is narrowed to what one feed brought, in any state, page after page', async () => {
    const moves = ['torn', 'm4', 'm3', 'm2', 'm1', 'm0'].map((record) => `feed:moves:${record}`);
    expect(await keys('connection=beta&feed=moves')).toEqual(moves);
    expect(await keys('connection=beta&feed=moves&state=done')).toEqual(moves.slice(1));
    expect(await keys('connection=beta&feed=moves&state=failed')).toEqual(moves.slice(0, 1));
    expect(await keys('connection=beta&feed=moves&state=pending')).toEqual([]);
    expect(await keys('connection=beta&feed=counts')).toEqual(['feed:counts:c0']);
    expect(await keys('connection=alpha&feed=moves')).toEqual([]);
    const { items, next } = (await hub.admin('GET', '/deliveries?connection=beta&feed=moves&limit=4')).body as { items: object[]; next: string };
    expect([items.length, await keys(`connection=beta&feed=moves&limit=4&after=${next}`)]).toEqual([4, moves.slice(4)]);
  });

  it('is narrowed to a topic, and to a key in a state', async () => {
    expect(await keys('connection=beta&topic=stock')).toEqual(['w1']);
    expect(await keys('connection=beta&topic=stock&feed=moves')).toEqual([]);
    expect(await keys('connection=beta&topic=moved&state=failed')).toEqual(['feed:moves:torn']);
    expect(await keys('connection=beta&senderKey=w1&state=done')).toEqual(['w1']);
    expect(await keys('connection=beta&senderKey=w1&state=failed')).toEqual([]);
    for (const lonely of ['feed=moves', 'topic=stock']) expect((await hub.admin('GET', `/deliveries?${lonely}`)).body).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ pointer: '?connection' }] });
  });
});
