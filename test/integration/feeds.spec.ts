import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FeedPoller } from '../../src/core/intake/feeds/feed-poller.js';
import { moved, sign } from '../support/intake.js';
import { startFeedsApp, type FeedsApp } from '../support/feeds/feeds-app.js';
import type { Asked, ScriptedRecord } from '../support/feeds/scripted-feed.js';

let hub: FeedsApp;

beforeAll(async () => {
  hub = await startFeedsApp();
});
afterAll(() => hub.stop());

let id: string;
let source: number;

/** A connection of its own for each test, with nothing to tell at first. */
beforeEach(async () => {
  // Those of earlier tests must not ask the server.
  await hub.db.execute('update connector.connection set enabled = false');
  hub.outside.clear();
  id = `printer-${randomUUID().slice(0, 8)}`;
  source = await hub.printer(id);
  hub.outside.clear();
});

const records = (count: number, from = 0): ScriptedRecord[] => Array.from({ length: count }, (_, n) => ({ id: `r${from + n}`, events: [moved({ eventId: `${id} ${from + n}`, quantity: 2 })] }));
const keys = (count: number, from = 0): string[] => Array.from({ length: count }, (_, n) => `feed:moves:r${from + n}`);
const movesAsked = (): Asked[] => hub.outside.asked.filter(({ feed }) => feed === 'moves');
const onHand = async (): Promise<number> => (await hub.db.query<{ sum: number }>('select coalesce(sum(quantity), 0)::bigint as sum from inventory.movement where event_id like $1', [`${id} %`]))[0]?.sum ?? 0;

/** Lets the server answer the next question only when the test says so. */
function gate(): { asked: Promise<Asked>; open: () => void } {
  let open = (): void => undefined;
  let arrived = (_asked: Asked): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const asked = new Promise<Asked>((resolve) => (arrived = resolve));
  hub.outside.instead.push(async (given) => {
    arrived(given);
    await opened;
    return hub.outside.page(given);
  });
  return { asked, open };
}

describe('a feed', () => {
  it('is polled page after page until there is nothing more, and every record is one delivery', async () => {
    hub.outside.add('moves', ...records(23));
    await hub.turn(id);
    expect(movesAsked().map(({ cursor, limit }) => [cursor, limit])).toEqual([['0', 10], ['10', 10], ['20', 10]]);
    expect(await hub.stored(source)).toEqual(keys(23));
    expect(await onHand()).toBe(46);
    expect(await hub.standing(id)).toMatchObject({
      name: 'moves', title: 'Stock moves', topics: ['moved'], state: 'current', polling: false, everySeconds: 3600, cursor: '23', failures: 0, lastError: null,
      recordsNew: 23, recordsRepeated: 0, lastPage: { records: 3, lastRecordId: 'r22', hasMore: false },
    });
    const { dueAt, lagSeconds, polls } = await hub.standing(id) as { dueAt: string; lagSeconds: number; polls: number };
    expect(Date.parse(dueAt) - Date.now()).toBeGreaterThan(3_200_000);
    expect(lagSeconds).toBeLessThan(60);
    expect(polls).toBe(4);
  });

  it('goes on from its cursor, and keeps one record once however often pages repeat it', async () => {
    hub.outside.add('moves', ...records(4));
    await hub.turn(id);
    hub.outside.overlap = 3;
    hub.outside.add('moves', ...records(9, 4));
    await hub.turn(id);
    expect(await hub.stored(source)).toEqual(keys(13));
    expect(await onHand()).toBe(26);
    expect((await hub.standing(id))['recordsRepeated']).toBeGreaterThanOrEqual(3);
  });

  it('shows its records among the deliveries, with the feed that brought them and a correlation id of their own', async () => {
    hub.outside.add('moves', ...records(2));
    await hub.turn(id);
    const { items } = (await hub.admin('GET', `/deliveries?connection=${id}`)).body as { items: Record<string, string>[] };
    expect(items).toMatchObject([
      { feed: 'moves', senderKey: 'feed:moves:r1', topic: 'moved', state: 'done', applied: 1, connection: id },
      { feed: 'moves', senderKey: 'feed:moves:r0', topic: 'moved', state: 'done', applied: 1, connection: id },
    ]);
    const [page, number] = (items[1]?.['correlationId'] ?? '').split('.');
    expect(number).toBe('1');
    expect(items[0]?.['correlationId']).toBe(`${page}.2`);
    const found = await hub.admin('GET', `/deliveries?connection=${id}&senderKey=feed:moves:r1`);
    expect((found.body.items as unknown[]).length).toBe(1);
  });

  it('parks what it cannot name yet and replays it, and calls an unreadable record by its id', async () => {
    hub.outside.add('moves', { id: 'strange', events: [moved({ eventId: `${id} strange`, item: `strange-${id}`, quantity: 5 })] }, { id: 'torn', fail: 'torn paper' });
    await hub.turn(id);
    const states = async (): Promise<string[]> => ((await hub.admin('GET', `/deliveries?connection=${id}`)).body.items as { state: string }[]).map(({ state }) => state);
    expect(await states()).toEqual(['failed', 'parked']);
    const { items } = (await hub.admin('GET', `/exceptions?connection=${id}`)).body as { items: { class: string; detail: string }[] };
    expect(items.map((one) => one.class)).toEqual(['UNMAPPED_ITEM', 'UNREADABLE']);
    expect(items[1]?.detail).toContain('torn: torn paper');
    await hub.map('item', 'sku-of-tape', `strange-${id}`, 'B', id);
    await expect.poll(onHand).toBe(5);
    await expect.poll(states).toEqual(['failed', 'done']);
  });

  it('counts a fact once that a webhook has told as well, and a webhook cannot take the name of a record', async () => {
    const event = moved({ eventId: `${id} both`, quantity: 3 });
    const body = Buffer.from(JSON.stringify({ events: [event] }));
    const headers = { 'content-type': 'application/json', 'x-tape-hmac': sign(body), 'x-tape-delivery': 'feed:moves:r0', 'x-tape-topic': 'stock' };
    expect((await hub.call('POST', `/webhooks/${id}`, body, { headers })).status).toBe(202);
    hub.outside.add('moves', { id: 'r0', events: [event] });
    await hub.turn(id);
    const { items } = (await hub.admin('GET', `/deliveries?connection=${id}`)).body as { items: Record<string, unknown>[] };
    expect(items).toMatchObject([{ feed: 'moves', applied: 0, repeated: 1 }, { feed: null, applied: 1, repeated: 0 }]);
    expect(await onHand()).toBe(3);
  });

  it('has feeds beside it that are polled by themselves', async () => {
    hub.outside.add('counts', { id: 'c1' });
    await hub.turn(id, 'counts');
    const { items } = (await hub.admin('GET', `/connections/${id}/feeds`)).body as { items: Record<string, unknown>[] };
    expect(items).toMatchObject([{ name: 'moves', cursor: '0', recordsNew: 0 }, { name: 'counts', cursor: '1', recordsNew: 1 }]);
    expect((await hub.admin('GET', '/connections/tape-1/feeds')).body).toEqual({ items: [] });
    expect((await hub.admin('GET', `/connections/${id}/feeds/none`)).body).toMatchObject({ code: 'NOT_FOUND' });
    expect((await hub.admin('GET', '/connections/none/feeds')).body).toMatchObject({ code: 'CONNECTION_NOT_FOUND' });
  });

  it('is not polled while its connection is off, and is when it is switched on', async () => {
    await hub.admin('POST', `/connections/${id}/disable`);
    hub.outside.add('moves', ...records(1));
    await hub.turn(id);
    expect(movesAsked()).toEqual([]);
    expect(await hub.standing(id)).toMatchObject({ state: 'off', dueAt: null });
    expect((await hub.steer(id, 'poll')).body).toMatchObject({ status: 409, code: 'CONNECTION_DISABLED' });
    await hub.admin('POST', `/connections/${id}/enable`);
    await hub.still();
    expect(await hub.stored(source)).toEqual(keys(1));
  });
});

describe('a feed that fails', () => {
  const due = async (): Promise<number> => Date.parse((await hub.standing(id))['dueAt'] as string) - Date.now();
  const failWith = async (kind: 'transient' | 'rate_limited' | 'config' | 'rejected', retryAfterMs?: number): Promise<void> => {
    hub.outside.instead.push(() => ({ kind, message: `the system says ${kind}`, retryAfterMs }));
    await hub.turn(id);
  };

  it('waits longer each time, and recovers where it stood', async () => {
    hub.outside.add('moves', ...records(2));
    await failWith('transient', 7_200_000);
    expect(await hub.standing(id)).toMatchObject({ state: 'failing', failures: 1, cursor: '0', lastError: { code: 'PLUGIN_FAILED', detail: 'the system says transient' } });
    await failWith('rate_limited', 600_000);
    expect(await hub.standing(id)).toMatchObject({ state: 'failing', failures: 2 });
    expect(await due()).toBeGreaterThan(590_000);
    await hub.turn(id);
    expect(await hub.standing(id)).toMatchObject({ state: 'current', failures: 0, failingSince: null, cursor: '2', lastError: { detail: 'the system says rate_limited' } });
    expect(await hub.stored(source)).toEqual(keys(2));
  });

  it.each(['config', 'rejected'] as const)('waits for a person when the system says %s, and is polled at once when the connection changes', async (kind) => {
    hub.outside.add('moves', ...records(1));
    await failWith(kind);
    expect(await hub.standing(id)).toMatchObject({ state: 'refused', failures: 1, lastError: { detail: `the system says ${kind}` } });
    expect(await due()).toBeGreaterThan(50_000);
    await hub.admin('PATCH', `/connections/${id}`, { config: { host: hub.outside.host, word: 'please' } });
    await expect.poll(() => hub.standing(id)).toMatchObject({ state: 'current', cursor: '1' });
    expect(movesAsked().at(-1)).toMatchObject({ word: 'please' });
  });

  it('is polled at once as well when the connection changes while it is being refused', async () => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    hub.outside.instead.push(async () => {
      await opened;
      return { kind: 'auth_revoked', message: 'no' };
    });
    await hub.steer(id, 'poll');
    await expect.poll(() => movesAsked().length).toBe(1);
    await hub.admin('PATCH', `/connections/${id}`, { config: { host: hub.outside.host, word: 'new' } });
    await expect.poll(async () => (await hub.db.query('select from intake.feed where source_id = $1 and asked', [source])).length).toBe(1);
    open();
    await expect.poll(() => hub.standing(id)).toMatchObject({ state: 'current', failures: 0 });
  });

  it('tells of a page that is malformed and of a cursor that stands still, and stores nothing of them', async () => {
    hub.outside.instead.push(() => ({ records: [{ id: 'x', topic: 'unheard of', body: '' }], nextCursor: '9', hasMore: false }));
    await hub.turn(id);
    expect(await hub.standing(id)).toMatchObject({ state: 'failing', cursor: '0', lastError: { code: 'PLUGIN_FAILED', detail: expect.stringContaining('topic') } });
    hub.outside.instead.push(() => ({ records: [{ id: 'x', topic: 'moved', body: '{}' }], nextCursor: '0', hasMore: true }));
    await hub.turn(id);
    expect(await hub.standing(id)).toMatchObject({ state: 'failing', failures: 2, lastError: { detail: expect.stringContaining('stands still') } });
    expect(await hub.stored(source)).toEqual([]);
  });

  it('stores no record of a page whose cursor cannot be stored', async () => {
    hub.outside.add('moves', ...records(3));
    await hub.db.execute(`create function intake.failpoint() returns trigger language plpgsql as $$ begin raise exception 'failpoint'; end $$`);
    await hub.db.execute('create trigger failpoint before update of cursor on intake.feed for each row execute function intake.failpoint()');
    try {
      await hub.turn(id);
      expect(await hub.stored(source)).toEqual([]);
      expect(await hub.standing(id)).toMatchObject({ state: 'failing', cursor: '0', recordsNew: 0, lastError: { code: 'INTERNAL', detail: expect.stringContaining('failpoint') } });
    } finally {
      await hub.db.execute('drop trigger failpoint on intake.feed');
      await hub.db.execute('drop function intake.failpoint');
    }
    await hub.turn(id);
    expect(await hub.stored(source)).toEqual(keys(3));
  });
});

describe('a person', () => {
  it('pauses a feed, which keeps the page under way and asks for no other, and resumes it', async () => {
    hub.outside.add('moves', ...records(25));
    const { asked, open } = gate();
    await hub.steer(id, 'poll');
    await asked;
    expect((await hub.steer(id, 'pause')).body).toMatchObject({ state: 'paused', polling: true });
    open();
    await hub.still();
    expect(await hub.stored(source)).toEqual(keys(10));
    expect(await hub.standing(id)).toMatchObject({ state: 'paused', dueAt: null });
    expect((await hub.steer(id, 'poll')).body).toMatchObject({ status: 409, code: 'CONFLICT' });
    expect((await hub.steer(id, 'pause')).status).toBe(200);
    await hub.steer(id, 'resume');
    await hub.still();
    expect(await hub.stored(source)).toEqual(keys(25));
  });

  it('asks for a poll, and for one more while one is under way', async () => {
    expect((await hub.steer(id, 'poll')).status).toBe(202);
    await hub.still();
    expect(movesAsked()).toHaveLength(1);
    const { asked, open } = gate();
    await hub.steer(id, 'poll');
    await asked;
    await hub.steer(id, 'poll');
    open();
    await hub.still();
    expect(movesAsked()).toHaveLength(3);
  });

  it('sets a feed back to the start, to a saved cursor and to a moment, and can undo it', async () => {
    hub.outside.add('moves', ...records(12));
    await hub.turn(id);
    await hub.db.execute(`update intake.feed_cursor set saved_at = saved_at - interval '1 day' where source_id = $1`, [source]);
    hub.outside.add('moves', ...records(3, 12));
    await hub.turn(id);
    const list = async (): Promise<{ id: string; cursor: string }[]> => (await hub.admin('GET', `/connections/${id}/feeds/moves/cursors`)).body.items as { id: string; cursor: string }[];
    expect((await list()).map(({ cursor }) => cursor)).toEqual(['15', '0']);
    const reset = async (body: object): Promise<(string | null)[]> => {
      hub.outside.asked.length = 0;
      const answer = await hub.steer(id, 'reset', { confirm: 'moves', ...body });
      expect(answer.status, answer.text).toBe(200);
      await hub.still();
      return movesAsked().map(({ cursor }) => cursor);
    };
    expect(await reset({ to: 'start' })).toEqual([null, '10']);
    expect(await reset({ to: (await list())[0]?.id })).toEqual(['15']);
    expect(await reset({ to: new Date(Date.now() - 3_600_000).toISOString() })).toEqual(['0', '10']);
    expect(await hub.standing(id)).toMatchObject({ state: 'current', recordsNew: 15, cursor: '15' });
    expect(await hub.stored(source)).toEqual(keys(15));
    expect(await onHand()).toBe(30);
    const page = await hub.admin('GET', `/connections/${id}/feeds/moves/cursors?limit=1`);
    const second = await hub.admin('GET', `/connections/${id}/feeds/moves/cursors?limit=1&after=${page.body.next as string}`);
    expect([page, second].map(({ body }) => (body.items as { id: string }[])[0]?.id)).toEqual((await list()).slice(0, 2).map((saved) => saved.id));
  });

  it('resets once when the request is sent twice with one key', async () => {
    hub.outside.add('moves', ...records(2));
    await hub.turn(id);
    const send = (): Promise<number> => hub.call('POST', `/admin/v1/connections/${id}/feeds/moves/reset`, { confirm: 'moves', to: 'start' }, { token: hub.adminToken, headers: { 'idempotency-key': `reset-${id}` } }).then(({ status }) => status);
    expect(await send()).toBe(200);
    await hub.still();
    expect(await send()).toBe(200);
    await hub.still();
    expect(movesAsked().map(({ cursor }) => cursor)).toEqual(['0', null]);
  });

  it('must confirm a reset and say where to', async () => {
    const refusals = await Promise.all([{ to: 'start' }, { confirm: 'counts', to: 'start' }, { confirm: 'moves', to: 'yesterday' }, { confirm: 'moves', to: '999999' }, { confirm: 'moves', to: '1999-01-01T00:00:00Z' }]
      .map(async (body) => (await hub.steer(id, 'reset', body)).body));
    expect(refusals.map(({ code }) => code)).toEqual(Array(5).fill('VALIDATION_FAILED'));
    expect(refusals.map(({ errors }) => (errors as { pointer: string }[])[0]?.pointer)).toEqual(['/confirm', '/confirm', '/to', '/to', '/to']);
  });

  it('resets a feed whose page is under way, and that page is dropped', async () => {
    hub.outside.add('moves', ...records(3));
    await hub.turn(id);
    hub.outside.add('moves', ...records(1, 3));
    const { asked, open } = gate();
    await hub.steer(id, 'poll');
    expect(await asked).toMatchObject({ cursor: '3' });
    await hub.steer(id, 'reset', { confirm: 'moves', to: 'start' });
    open();
    await hub.still();
    expect(movesAsked().map(({ cursor }) => cursor).slice(-2)).toEqual(['3', null]);
    expect(await hub.standing(id)).toMatchObject({ cursor: '4', recordsNew: 4, recordsRepeated: 3 });
  });

  it('resets a feed whose page never comes, and need not wait for it', async () => {
    const { asked, open } = gate();
    await hub.steer(id, 'poll');
    await asked;
    await hub.steer(id, 'reset', { confirm: 'moves', to: 'start' });
    await hub.app.get(FeedPoller).renew();
    await expect.poll(() => hub.standing(id)).toMatchObject({ state: 'current', cursor: '0' });
    expect(movesAsked().map(({ cursor }) => cursor)).toEqual(['0', null]);
    open();
  });

  it('sets a pace, which brings the next poll nearer, and takes it back', async () => {
    const pace = async (everySeconds: unknown): Promise<Record<string, unknown>> => (await hub.admin('PATCH', `/connections/${id}/feeds/moves`, { everySeconds })).body;
    expect(await pace(60)).toMatchObject({ everySeconds: 60, declaredEverySeconds: 3600 });
    expect(Date.parse((await hub.standing(id))['dueAt'] as string) - Date.now()).toBeLessThan(61_000);
    expect(await pace(null)).toMatchObject({ everySeconds: 3600 });
    for (const wrong of [0, 86_401, 'often', undefined]) expect(await pace(wrong)).toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});

describe('a connection whose deliveries pile up', () => {
  it('is not polled until its line is shorter', async () => {
    hub.outside.add('moves', ...records(25));
    await hub.db.execute(`insert into intake.pending (source_id, delivery_id, not_before) select $1, -n, 'infinity' from generate_series(1, 1985) n`, [source]);
    const { asked, open } = gate();
    await hub.steer(id, 'poll');
    await asked;
    await hub.db.execute(`insert into intake.pending (source_id, delivery_id, not_before) select $1, -n, 'infinity' from generate_series(1986, 2000) n`, [source]);
    open();
    await expect.poll(() => hub.standing(id)).toMatchObject({ state: 'held-back', cursor: '10' });
    await expect.poll(() => hub.stored(source)).toEqual(keys(10));
    await hub.db.execute('delete from intake.pending where source_id = $1 and delivery_id < 0', [source]);
    await hub.still();
    expect(await hub.stored(source)).toEqual(keys(25));
    expect(await hub.standing(id)).toMatchObject({ state: 'current' });
  });
});

it('counts polls, records and failures by plugin', async () => {
  hub.outside.add('moves', ...records(2));
  await hub.turn(id);
  hub.outside.instead.push(() => ({ kind: 'config', message: 'no' }));
  await hub.turn(id);
  await hub.db.execute(`update intake.feed set caught_up_at = null, began_at = began_at - interval '1 hour' where source_id = $1`, [source]);
  const text = (await hub.call('GET', '/metrics')).text;
  for (const line of [
    /^crossdock_feed_polls_total\{plugin="teleprinter",outcome="records"\} [1-9]/m, /^crossdock_feed_polls_total\{plugin="teleprinter",outcome="CONNECTION_REFUSED"\} [1-9]/m,
    /^crossdock_feed_records_total\{plugin="teleprinter",result="accepted"\} [1-9]/m, /^crossdock_feed_page_duration_seconds_count\{plugin="teleprinter"\} [1-9]/m,
    /^crossdock_feed_lag_seconds\{plugin="teleprinter"\} 36\d\d/m, /^crossdock_feeds_failing\{plugin="teleprinter"\} /m,
  ]) expect(text).toMatch(line);
});
