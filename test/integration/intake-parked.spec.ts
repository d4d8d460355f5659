import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReplayParked } from '../../src/core/intake/exceptions/replay-parked.js';
import { moved, observed, startIntakeApp, type IntakeApp } from '../support/intake.js';

let hub: IntakeApp;

beforeAll(async () => {
  hub = await startIntakeApp();
});
afterAll(() => hub.stop());

type Exception = { id: string; class: string; cause: string; detail: string; state: string; seen: number; held: number; connection: string };
const exceptions = async (query: string): Promise<Exception[]> => (await hub.admin('GET', `/exceptions?${query}`)).body.items as Exception[];
const stateOf = async (senderKey: string): Promise<string> =>
  ((await hub.admin('GET', `/deliveries?connection=tape-1&senderKey=${senderKey}`)).body.items as { state: string }[])[0]?.state ?? 'none';
const stock = async (place: string): Promise<number> => (await hub.levels())[place] ?? 0;

/** Waits for what happens by itself after a ring, without ever ringing. */
async function eventually(check: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 5_000; !(await check());) {
    if (Date.now() > deadline) throw new Error('it did not come about within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('an event whose item nobody has mapped', () => {
  it('is parked beside those that are applied, under one exception that is counted', async () => {
    const sales = [1, 2, 3].map((line) => moved({ item: 'strange', line: String(line), quantity: 2 }));
    await hub.send({ events: [moved({ quantity: 5 }), sales[0]!] }, { id: 'k-1' });
    await hub.send({ events: [sales[1]!, sales[2]!] }, { id: 'k-2' });
    await hub.settled();
    expect(await stock('A@store-1')).toBe(5);
    expect(await stateOf('k-1')).toBe('parked');
    expect(await exceptions('class=UNMAPPED_ITEM')).toMatchObject([
      { connection: 'tape-1', cause: 'sku-of-tape strange', detail: `No item is known for sku-of-tape 'strange'.`, state: 'open', seen: 3, held: 3, automatic: true },
    ]);
  });

  it('is held once, however often it is told', async () => {
    const sale = moved({ item: 'strange', eventId: 'told-often', quantity: 1 });
    for (let times = 0; times < 3; times += 1) await hub.send({ events: [sale] });
    await hub.settled();
    expect(await exceptions('class=UNMAPPED_ITEM')).toMatchObject([{ seen: 6, held: 4 }]);
  });

  it('is applied by itself when the cross-reference is saved', async () => {
    await hub.map('item', 'sku-of-tape', 'strange', 'B');
    await eventually(async () => (await stock('B@store-1')) === 7);
    await eventually(async () => (await exceptions('class=UNMAPPED_ITEM')).length === 0);
    expect([await stateOf('k-1'), await stateOf('k-2')]).toEqual(['done', 'done']);
    expect(await exceptions('class=UNMAPPED_ITEM&state=resolved')).toMatchObject([{ cause: 'sku-of-tape strange', held: 0, seen: 6 }]);
  });
});

describe('an event that misses several things', () => {
  it('raises an exception for each, and is applied when the last has come', async () => {
    await hub.send({ events: [moved({ item: 'new-item', location: 'new-place', quantity: 4 })] }, { id: 'm-1' });
    await hub.settled();
    expect(await exceptions('')).toMatchObject([{ class: 'UNMAPPED_ITEM', held: 1 }, { class: 'UNMAPPED_LOCATION', held: 1, cause: 'place new-place' }]);
    await hub.map('item', 'sku-of-tape', 'new-item', 'A');
    await eventually(async () => (await exceptions('class=UNMAPPED_ITEM')).length === 0);
    expect(await exceptions('')).toMatchObject([{ class: 'UNMAPPED_LOCATION', held: 1 }]);
    await hub.map('location', 'place', 'new-place', 'store-2');
    await eventually(async () => (await stock('A@store-2')) === 4);
    await eventually(async () => (await exceptions('')).length === 0);
    expect(await stateOf('m-1')).toBe('done');
  });

  it('goes on to wait for the item itself when the cross-reference leads to one that is not there yet', async () => {
    await hub.send({ events: [moved({ item: 'early', location: 'store-1', quantity: 6 })] }, { id: 'm-2' });
    await hub.settled();
    await hub.map('item', 'sku-of-tape', 'early', 'LATER');
    await eventually(async () => (await exceptions('class=UNKNOWN_ITEM')).length === 1);
    expect(await exceptions('')).toMatchObject([{ class: 'UNKNOWN_ITEM', cause: 'LATER', held: 1 }]);
    await hub.api('PUT', '/items/LATER', { name: 'later' });
    await eventually(async () => (await stock('LATER@store-1')) === 6);
    await eventually(async () => (await stateOf('m-2')) === 'done');
  });

  it('waits for a location too', async () => {
    await hub.map('location', 'place', 'annex', 'annex');
    await hub.send({ events: [observed({ location: 'annex', quantity: 11 })] }, { id: 'm-3' });
    await hub.settled();
    expect(await exceptions('class=UNKNOWN_LOCATION')).toMatchObject([{ cause: 'annex', held: 1 }]);
    await hub.api('PUT', '/locations/annex', { name: 'annex', type: 'store', owner: 'tape-1' });
    await eventually(async () => (await stock('A@annex')) === 11 && (await exceptions('')).length === 0);
  });
});

describe('an item matched by its stock-keeping unit', () => {
  it('ends the wait when it is saved', async () => {
    await hub.admin('PATCH', '/connections/tape-2', { matchItemsBy: 'sku' });
    const event = { ...moved({ location: 'store-2', quantity: 3 }), item: { type: 'variant', id: '900', sku: 'SKU-9' } };
    await hub.send({ events: [event] }, { connection: 'tape-2' });
    await hub.settled();
    expect(await exceptions('connection=tape-2')).toMatchObject([{ class: 'UNMAPPED_ITEM', cause: 'variant 900', detail: `No item is known for variant '900' nor for the SKU 'SKU-9'.` }]);
    await hub.api('PUT', '/items/ninth', { name: 'ninth', sku: 'SKU-9' });
    await eventually(async () => (await stock('ninth@store-2')) === 3);
    await eventually(async () => (await exceptions('connection=tape-2')).length === 0);
  });
});

describe('the sweep over parked events', () => {
  it('finds what became possible without anybody having told', async () => {
    await hub.send({ events: [moved({ item: 'silent', quantity: 8, location: 'store-2' })] });
    await hub.settled();
    await hub.db.execute(`insert into mapping.cross_reference (source_id, entity, ref_type, external_id, canonical, alias) values ($1, 'item', 'sku-of-tape', 'silent', 'B', true)`, [hub.sources['tape-1']]);
    await hub.app.get(ReplayParked).run();
    expect(await stock('B@store-2')).toBe(8);
    expect(await exceptions('')).toEqual([]);
  });

  it('goes through a large park in parts, applies a whole cause at once, and leaves what still waits', async () => {
    const sales = Array.from({ length: 1_300 }, (_, index) => moved({ item: 'crowd', line: String(index), eventId: 'crowd', location: 'store-2' }));
    const strangers = Array.from({ length: 1_200 }, (_, index) => moved({ item: `stranger-${index}` }));
    await hub.send({ events: sales });
    await hub.send({ events: strangers });
    await hub.settled();
    expect((await hub.admin('GET', '/exceptions?limit=1')).body).toMatchObject({ counts: { UNMAPPED_ITEM: 1_201 } });
    const before = await stock('A@store-2');
    await hub.map('item', 'sku-of-tape', 'crowd', 'A');
    await eventually(async () => (await stock('A@store-2')) === before + 1_300);
    const replay = hub.app.get(ReplayParked);
    for (let rounds = 0; rounds < 4; rounds += 1) await replay.run();
    expect((await hub.admin('GET', '/exceptions?limit=1')).body).toMatchObject({ counts: { UNMAPPED_ITEM: 1_200 } });
  });
});

describe('a cause that is gone', () => {
  it('lets go of everything that waits for it, also behind many events that wait for something else as well', async () => {
    const lonely = Array.from({ length: 700 }, (_, index) => moved({ item: 'never-mapped', location: 'far', eventId: 'lonely', line: String(index) }));
    const ready = Array.from({ length: 300 }, (_, index) => moved({ item: 'A', location: 'far', eventId: 'ready', line: String(index) }));
    await hub.send({ events: lonely });
    await hub.send({ events: ready });
    await hub.settled();
    expect(await exceptions('class=UNMAPPED_LOCATION')).toMatchObject([{ cause: 'place far', held: 1_000 }]);
    await hub.api('PUT', '/locations/far', { name: 'far', type: 'store' });
    await hub.map('location', 'place', 'far', 'far');
    await eventually(async () => (await stock('A@far')) === 300);
    await eventually(async () => (await exceptions('class=UNMAPPED_LOCATION')).length === 0);
    const [{ held } = { held: NaN }] = await hub.db.query<{ held: number }>(`select held from intake.exception where cause = 'sku-of-tape never-mapped'`);
    expect(held).toBe(700);
    const [exception] = await hub.db.query<{ id: string }>(`select id from intake.exception where cause = 'sku-of-tape never-mapped'`);
    expect((await hub.admin('POST', `/exceptions/${exception?.id}/discard`)).body).toEqual({ discarded: 700 });
  });
});

describe('what a person does about an exception', () => {
  it('reads it page by page, with counts, examples and clear empty answers', async () => {
    const pages: string[] = [];
    let after: string | null = null;
    do {
      const { body } = await hub.admin('GET', `/exceptions?limit=500${after ? `&after=${after}` : ''}`);
      pages.push(...(body.items as Exception[]).map(({ id }) => id));
      after = body.next as string | null;
    } while (after);
    expect(new Set(pages).size).toBe(1_200);
    const detail = (await hub.admin('GET', `/exceptions/${pages[0]}`)).body;
    expect(detail).toMatchObject({ id: pages[0], held: 1, examples: [{ event: { kind: 'StockMoved', item: { id: 'stranger-0' } } }] });
    expect((await hub.admin('GET', '/exceptions?class=NOT_OWNER')).body).toEqual({ items: [], next: null, counts: { UNMAPPED_ITEM: 1_200 }, elsewhere: [] });
    expect((await hub.admin('GET', '/exceptions?connection=tape-2')).body).toEqual({ items: [], next: null, counts: {}, elsewhere: [] });
    expect((await hub.admin('GET', '/exceptions?connection=nobody')).status).toBe(404);
    expect((await hub.admin('GET', '/exceptions/999999999')).body).toMatchObject({ code: 'NOT_FOUND' });
    expect((await hub.admin('GET', '/exceptions?state=weird')).status).toBe(422);
  });

  it('discards it: it is closed, never applied, and opens again when it is seen again', async () => {
    const [first] = await exceptions('limit=1');
    expect((await hub.admin('POST', `/exceptions/${first?.id}/discard`)).body).toEqual({ discarded: 1 });
    expect((await hub.admin('POST', `/exceptions/${first?.id}/discard`)).body).toEqual({ discarded: 0 });
    expect((await hub.admin('GET', `/exceptions/${first?.id}`)).body).toMatchObject({ state: 'discarded', held: 0, examples: [] });
    await hub.send({ events: [moved({ item: 'stranger-0' })] });
    await hub.settled();
    expect((await hub.admin('GET', `/exceptions/${first?.id}`)).body).toMatchObject({ state: 'open', held: 1, seen: 2 });
  });

  it('retries events that were refused, and they are applied once the reason is gone', async () => {
    await hub.api('PUT', '/locations/owned', { name: 'owned', type: 'store', owner: 'tape-2' });
    await hub.map('location', 'place', 'owned', 'owned');
    await hub.send({ events: [observed({ location: 'owned', quantity: 21 })] }, { id: 'r-1' });
    await hub.settled();
    const [refused] = await exceptions('class=NOT_OWNER');
    expect((await hub.admin('POST', `/exceptions/${refused?.id}/retry`)).body).toEqual({ deliveries: 0, events: 1 });
    await eventually(async () => (await hub.db.query('select from intake.exception where due_at is not null')).length === 0);
    expect(await exceptions('class=NOT_OWNER')).toMatchObject([{ state: 'open', held: 1 }]);
    await hub.api('PUT', '/locations/owned', { name: 'owned', type: 'store', owner: 'tape-1' });
    expect((await hub.admin('POST', `/exceptions/${refused?.id}/retry`)).status).toBe(202);
    await eventually(async () => (await stock('A@owned')) === 21);
    await eventually(async () => (await exceptions('class=NOT_OWNER')).length === 0);
    expect(await stateOf('r-1')).toBe('done');
  });

  it('retries deliveries that could not be read, as a whole', async () => {
    await hub.send({ fail: 'a field is missing' }, { id: 'r-2' });
    await hub.send({ fail: 'a field is missing' }, { id: 'r-3' });
    await hub.settled();
    const [unreadable] = await exceptions('class=UNREADABLE');
    expect(unreadable).toMatchObject({ cause: 'stock: a field is missing', seen: 2, held: 2 });
    expect((await hub.admin('POST', `/exceptions/${unreadable?.id}/retry`)).body).toEqual({ deliveries: 2, events: 0 });
    await eventually(async () => (await exceptions('class=UNREADABLE')).length === 1 && (await stateOf('r-3')) === 'failed');
    expect(await exceptions('class=UNREADABLE')).toMatchObject([{ seen: 4, held: 2, state: 'open' }]);
    expect((await hub.admin('POST', `/exceptions/${unreadable?.id}/discard`)).body).toEqual({ discarded: 2 });
    expect(await stateOf('r-2')).toBe('discarded');
  });
});

describe('what a person sees of deliveries', () => {
  it('is what came in, with its body as text or base64, cut where it is long', async () => {
    await hub.send(`{"ignore":"${'ä'.repeat(50_000)}"}`, { id: 'v-long' });
    await hub.send(Buffer.from([0xff, 0x00]), { id: 'v-binary' });
    await hub.settled();
    const read = async (senderKey: string): Promise<Record<string, unknown>> => {
      const [row] = (await hub.admin('GET', `/deliveries?connection=tape-1&senderKey=${senderKey}`)).body.items as { id: string }[];
      return (await hub.admin('GET', `/deliveries/${row?.id}`)).body;
    };
    const long = await read('v-long');
    expect(long).toMatchObject({ state: 'ignored', bytes: 100_013, topic: 'stock', payload: { encoding: 'utf-8', truncated: true }, headers: { 'x-tape-delivery': 'v-long' } });
    expect((long['payload'] as { content: string }).content).toMatch(/^\{"ignore":"ä+$/);
    expect(await read('v-binary')).toMatchObject({ state: 'failed', payload: { encoding: 'base64', content: '/wA=', truncated: false }, exceptions: [expect.any(String)] });
    expect((await hub.admin('GET', '/deliveries/12345678')).body).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is listed newest first, page by page, by state', async () => {
    const ids: number[] = [];
    let after: string | null = null;
    do {
      const { body } = await hub.admin('GET', `/deliveries?limit=3${after ? `&after=${after}` : ''}`);
      ids.push(...(body.items as { id: string }[]).map(({ id }) => Number(id)));
      after = body.next as string | null;
    } while (after);
    const [{ count } = { count: NaN }] = await hub.db.query<{ count: number }>('select count(*) as count from intake.delivery');
    expect(ids.length).toBe(count);
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
    for (const state of ['done', 'ignored', 'parked', 'failed', 'discarded', 'pending']) {
      const { items } = (await hub.admin('GET', `/deliveries?state=${state}&limit=500`)).body as { items: { state: string }[] };
      expect(new Set(items.map((item) => item.state)).size, state).toBe(state === 'pending' ? 0 : 1);
    }
  });

  it('can be read again without a second effect', async () => {
    const before = await stock('A@store-1');
    await hub.send({ events: [moved({ quantity: 9 })] }, { id: 'v-again' });
    await hub.settled();
    const [row] = (await hub.admin('GET', '/deliveries?connection=tape-1&senderKey=v-again')).body.items as { id: string }[];
    expect((await hub.admin('POST', `/deliveries/${row?.id}/retry`)).status).toBe(202);
    await hub.settled();
    expect(await stock('A@store-1')).toBe(before + 9);
    expect((await hub.admin('GET', `/deliveries/${row?.id}`)).body).toMatchObject({ state: 'done', applied: 0, repeated: 1 });
  });
});

it('counts what was tried again, and measures how long deliveries took to their end', async () => {
  const { text } = await hub.call('GET', '/metrics');
  expect(text).toMatch(/^crossdock_intake_replays_total\{outcome="applied"\} [1-9]/m);
  expect(text).toMatch(/^crossdock_intake_replays_total\{outcome="waiting"\} [1-9]/m);
  for (const state of ['done', 'parked', 'failed', 'ignored']) expect(text).toMatch(new RegExp(`^crossdock_intake_lag_seconds_count\\{plugin="tape",state="${state}"\\} [1-9]`, 'm'));
  expect(Number(/^crossdock_intake_lag_seconds_sum\{plugin="tape",state="done"\} (\S+)$/m.exec(text)?.[1])).toBeGreaterThan(0);
});
