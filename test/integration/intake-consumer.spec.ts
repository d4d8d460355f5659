import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WALL_LIMITS } from '../../src/core/connector/wall/limits.js';
import type { TapeBody } from '../fixtures/plugins/tape/index.js';
import { moved, observed, startIntakeApp, type IntakeApp } from '../support/intake.js';

let hub: IntakeApp;

beforeAll(async () => {
  hub = await startIntakeApp({ callMs: { ...WALL_LIMITS.callMs, parseDeliveries: 400 }, graceMs: 100 });
});
afterAll(() => hub.stop());

type Delivery = { id: string; senderKey: string; state: string; applied: number; repeated: number; attempts: number; reason: string | null };
const delivery = async (senderKey: string, connection = 'tape-1'): Promise<Delivery> =>
  ((await hub.admin('GET', `/deliveries?connection=${connection}&senderKey=${senderKey}`)).body.items as Delivery[])[0] as Delivery;
const stock = async (place: string): Promise<number> => (await hub.levels())[place] ?? 0;

/** Leases, pauses and dates of deliveries are judged by the database's clock; pauses are ended as if their time had passed. */
const endPauses = async (): Promise<void> => {
  await hub.db.execute(`update intake.lane set not_before = '-infinity'`);
  await hub.db.execute(`update intake.pending set not_before = '-infinity'`);
};

describe('a delivery in the inbox', () => {
  it('moves stock by its events, once, whichever message tells of them', async () => {
    const receipt = moved({ item: 'A', quantity: 10 });
    await hub.send({ events: [receipt, moved({ item: 'A', movement: 'sale', quantity: 3 })] }, { id: 'c-1' });
    await hub.send({ events: [receipt] }, { id: 'c-2' });
    await hub.settled();
    expect(await stock('A@store-1')).toBe(7);
    expect(await delivery('c-1')).toMatchObject({ state: 'done', applied: 2, repeated: 0 });
    expect(await delivery('c-2')).toMatchObject({ state: 'done', applied: 0, repeated: 1 });
  });

  it('sets stock by an observation of the owner, as of its moment', async () => {
    await hub.api('PUT', '/locations/store-2', { name: 'store-2', type: 'store', owner: 'tape-1' });
    await hub.send({ events: [observed({ item: 'B', location: 'store-2', quantity: 40 })] }, { id: 'c-3' });
    await hub.settled();
    expect(await stock('B@store-2')).toBe(40);
  });

  it('moves nothing by a count of somebody who does not own the place, and says so in one exception', async () => {
    for (const id of ['c-4', 'c-5']) await hub.send({ events: [observed({ item: 'B', location: 'store-2', quantity: 99 })] }, { id, connection: 'tape-2' });
    await hub.settled();
    expect(await stock('B@store-2')).toBe(40);
    expect(await delivery('c-4', 'tape-2')).toMatchObject({ state: 'parked', applied: 0 });
    const { items } = (await hub.admin('GET', '/exceptions?class=NOT_OWNER')).body as { items: object[] };
    expect(items).toMatchObject([{ class: 'NOT_OWNER', connection: 'tape-2', cause: 'count at store-2', seen: 2, held: 2, automatic: false, state: 'open' }]);
  });

  it('is ignored where its connector has no use for it, or for its topic', async () => {
    await hub.send({ ignore: 'a test order' }, { id: 'c-6' });
    await hub.send({ events: [moved({ quantity: 1_000 })] }, { id: 'c-7', topic: 'undeclared' });
    await hub.settled();
    expect(await delivery('c-6')).toMatchObject({ state: 'ignored', reason: 'a test order' });
    expect(await delivery('c-7')).toMatchObject({ state: 'ignored', reason: `the connector reads no deliveries of the topic 'undeclared'` });
  });

  it('fails alone when it cannot be read', async () => {
    await Promise.all([hub.send('no json', { id: 'c-8' }), hub.send({ fail: 'no order number\0' }, { id: 'c-9' }), hub.send({ events: [moved({ item: 'B', quantity: 1 })] }, { id: 'c-10' })]);
    await hub.settled();
    expect(await delivery('c-8')).toMatchObject({ state: 'failed', reason: 'the body is no JSON' });
    expect(await delivery('c-9')).toMatchObject({ state: 'failed', reason: 'no order number' });
    expect(await delivery('c-10')).toMatchObject({ state: 'done', applied: 1 });
  });

  it('applies its sound events when another of them makes no sense, and names that one', async () => {
    const future = new Date(Date.now() + 3 * 86_400_000).toISOString();
    const before = await stock('B@store-1');
    await hub.send({ events: [moved({ item: 'B', quantity: 5 }), moved({ item: 'B', occurredAt: future })] }, { id: 'c-11' });
    await hub.settled();
    expect(await stock('B@store-1')).toBe(before + 5);
    expect(await delivery('c-11')).toMatchObject({ state: 'failed', applied: 1, reason: `event 2: occurredAt is '${future}', more than a day in the future` });
  });

  it('fails as a whole when its connector answers what is no event', async () => {
    await hub.send({ events: [moved({ item: 'B', quantity: 1.5 })] }, { id: 'c-12' });
    await hub.settled();
    expect(await delivery('c-12')).toMatchObject({ state: 'failed', applied: 0, reason: expect.stringContaining('malformed') });
  });
});

describe('a connector that is broken', () => {
  it('loses nothing, waits longer each time, holds up no other connection, and goes on at once when it is mended', async () => {
    const before = await stock('B@store-1');
    await hub.admin('PATCH', '/connections/reel-1', { config: { broken: 'throw' } });
    await Promise.all(Array.from({ length: 20 }, () => hub.send({ events: [moved({ item: 'B' })] }, { connection: 'reel-1' })));
    await hub.send({ events: [moved({ item: 'B', quantity: 2 })] }, { id: 'w-2', connection: 'tape-2' });
    const pauses: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      await hub.settled();
      const [lane] = await hub.db.query<{ failures: number; pause_ms: number; last_error: string }>('select failures, pause_ms, last_error from intake.lane where source_id = $1', [hub.sources['reel-1']]);
      expect(lane).toMatchObject({ failures: round + 1, last_error: expect.stringContaining('torn') });
      pauses.push(lane?.pause_ms ?? 0);
      await endPauses();
    }
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(250);
    expect(Math.max(...pauses)).toBeGreaterThan(500);
    expect(await stock('B@store-1')).toBe(before + 2);
    await hub.settled();
    // Nobody ends its pause here: the change of the connection does.
    await hub.admin('PATCH', '/connections/reel-1', { config: {} });
    for (const deadline = Date.now() + 10_000; (await stock('B@store-1')) < before + 22 && Date.now() < deadline;) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await stock('B@store-1')).toBe(before + 22);
  });

  it('keeps what waits while it is switched off, and goes on when it is switched on', async () => {
    const before = await stock('B@store-1');
    await hub.admin('PATCH', '/connections/reel-1', { config: { broken: 'throw' } });
    await hub.send({ events: [moved({ item: 'B', quantity: 4 })] }, { id: 'off-1', connection: 'reel-1' });
    await hub.settled();
    await hub.admin('POST', '/connections/reel-1/disable');
    await hub.admin('PATCH', '/connections/reel-1', { config: {} });
    await hub.settled();
    expect(await delivery('off-1', 'reel-1')).toMatchObject({ state: 'pending' });
    await hub.admin('POST', '/connections/reel-1/enable');
    for (const deadline = Date.now() + 10_000; (await delivery('off-1', 'reel-1')).state !== 'done' && Date.now() < deadline;) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await stock('B@store-1')).toBe(before + 4);
  });
});

describe('a delivery that breaks its connector', () => {
  /** Sends it among others, and others after it, until `enough` of it; a connector that has crashed is away for a moment, so time is let pass. */
  async function among(body: TapeBody, id: string, enough: (suspect: Delivery) => boolean): Promise<Delivery> {
    const before = await stock('A@store-2');
    const good = (count: number) => Array.from({ length: count }, () => hub.send({ events: [moved({ item: 'A', location: 'store-2' })] }));
    await Promise.all([...good(30), hub.send(body, { id })]);
    let sent = 30;
    for (const deadline = Date.now() + 20_000; Date.now() < deadline && !(enough(await delivery(id)) && (await stock('A@store-2')) === before + sent);) {
      if (!enough(await delivery(id))) sent += (await Promise.all(good(2))).length;
      await new Promise((resolve) => setTimeout(resolve, 50));
      await endPauses();
      await hub.settled();
    }
    expect(await stock('A@store-2')).toBe(before + sent);
    return delivery(id);
  }

  it('is given up, while those beside it are applied', async () => {
    expect(await among({ misbehave: 'throw' }, 'throws', ({ state }) => state === 'failed')).toMatchObject({ state: 'failed', reason: expect.stringContaining('torn') });
    expect((await hub.admin('GET', '/exceptions?class=PLUGIN_FAILED')).body.items).toMatchObject([{ cause: 'stock', held: 1, state: 'open' }]);
  });

  for (const misbehave of ['exit', 'hang'] as const) {
    it(`is found also where it takes the connector down with it (${misbehave})`, async () => {
      const suspect = await among({ misbehave }, misbehave, ({ attempts, state }) => attempts > 0 || state === 'failed');
      expect(suspect.reason).toMatch(misbehave === 'exit' ? /ended|exit/i : /deadline|in time|answer/i);
    }, 30_000);
  }

  it('is given up also where no other comes to compare it with', async () => {
    await hub.send({ misbehave: 'throw' }, { id: 'lonely', connection: 'reel-1' });
    for (let round = 0; round < 14; round += 1) {
      await hub.settled();
      await endPauses();
    }
    await hub.settled();
    expect(await delivery('lonely', 'reel-1')).toMatchObject({ state: 'failed', reason: expect.stringContaining('torn') });
  });
});
