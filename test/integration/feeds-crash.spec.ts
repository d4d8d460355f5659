import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FeedLeases, type FeedClaim, type KeptPage } from '../../src/core/intake/feeds/feed-leases.js';
import type { Database } from '../../src/core/persistence/database.js';
import { DoomedDatabase } from '../support/crash/doomed-database.js';
import type { FeedsApp } from '../support/feeds/feeds-app.js';
import { pollerOn, pollOnce, startFeedsAtRest } from '../support/feeds/poller-process.js';

let hub: FeedsApp;
let source: number;

beforeAll(async () => {
  ({ hub, source } = await startFeedsAtRest());
});
afterAll(() => hub.stop());

/** What a kill leaves is found when the lease of the killed has run out. */
const leasesEnd = (): Promise<number> => hub.db.execute(`update intake.feed set claimed_until = '-infinity'`);
const due = (): Promise<number> => hub.db.execute(`update intake.feed set due_at = '-infinity'`);
const one = async <T>(sql: string, ...parameters: unknown[]): Promise<T | undefined> => (await hub.db.query<{ value: T }>(sql, parameters))[0]?.value;
const moves = { name: 'moves' };

describe('a poller that is killed', () => {
  for (const dies of ['before', 'after'] as const) {
    it(`loses no record and doubles none, whichever statement it dies ${dies}`, async () => {
      let points = 0;
      for (let diesAt = 1; ; diesAt += 1) {
        const run = `${dies}-${diesAt}`;
        const ids = Array.from({ length: 13 }, (_, n) => `${run} ${n}`);
        hub.outside.add('moves', ...ids.map((id) => ({ id })));
        await due();
        const doomed = new DoomedDatabase(hub.db, diesAt, dies);
        await pollOnce(pollerOn(hub, doomed as unknown as Database));
        await leasesEnd();
        const heir = pollerOn(hub, hub.db);
        await due();
        await pollOnce(heir);
        const stored = (await hub.stored(source)).filter((key) => key.startsWith(`feed:moves:${run} `));
        expect(stored, run).toEqual(ids.map((id) => `feed:moves:${id}`));
        points = diesAt;
        if (!doomed.dead) break;
      }
      expect(points).toBeGreaterThan(4);
      const all = (await hub.stored(source)).length;
      expect(await one('select fresh_records as value from intake.feed where source_id = $1 and name = $2', source, 'moves')).toBe(all);
      expect(await one('select count(*) as value from intake.pending where source_id = $1', source)).toBe(all);
      expect(await one('select cursor as value from intake.feed where source_id = $1 and name = $2', source, 'moves')).toBe(String(all));
    }, 60_000);
  }
});

describe('a poller that stalls beyond its lease', () => {
  const page = (id: string): KeptPage => ({
    arrivals: [{ sourceId: source, senderKey: `feed:moves:${id}`, topic: 'moved', headers: {}, correlationId: id, body: Buffer.from('{}') }],
    nextCursor: `after ${id}`, hasMore: false, stay: true, paceMs: 60_000, tookMs: 5, lastRecordId: id,
  });
  const claim = async (leases: FeedLeases): Promise<FeedClaim | undefined> => (await leases.claim([{ sourceId: source, ...moves }], 5))[0];

  it('can store nothing when it wakes up, nor move the cursor, nor call the feed a failure', async () => {
    await due();
    const [late, other] = [new FeedLeases(hub.db), new FeedLeases(hub.db)];
    const lost = await claim(late) as FeedClaim;
    expect(await claim(other)).toBeUndefined();
    await leasesEnd();
    const held = await claim(other) as FeedClaim;
    expect(held).toMatchObject({ cursor: lost.cursor, fence: lost.fence + 1 });
    await late.renew([lost]);
    await late.abandon([lost]);
    await late.fail(lost, { pauseMs: 1_000, code: 'INTERNAL', error: 'late', refused: true });
    expect(await late.keep(lost, page('late'))).toEqual({ kind: 'lost' });
    expect(await hub.stored(source)).not.toContain('feed:moves:late');
    expect(await one('select count(*) as value from intake.feed where last_error is not null')).toBe(0);
    expect(await other.keep(held, page('in time'))).toEqual({ kind: 'kept', fresh: 1, goesOn: false });
    expect(await one('select cursor as value from intake.feed where source_id = $1 and name = $2', source, 'moves')).toBe('after in time');
  });

  it('takes a feed of its own again that it has lost sight of', async () => {
    await due();
    const leases = new FeedLeases(hub.db);
    const first = await claim(leases) as FeedClaim;
    expect((await claim(leases))?.fence).toBe(first.fence + 1);
    await leasesEnd();
  });
});

it('is asked for each page once, however many pollers look at the same moment', async () => {
  hub.outside.clear();
  hub.outside.add('moves', ...Array.from({ length: 45 }, (_, n) => ({ id: `race ${n}` })));
  await hub.steer('printer', 'reset', { confirm: 'moves', to: 'start' });
  await hub.steer('printer', 'pause', undefined, 'counts');
  await Promise.all(Array.from({ length: 6 }, () => pollOnce(pollerOn(hub, hub.db))));
  expect(hub.outside.asked.map(({ cursor }) => cursor)).toEqual([null, '10', '20', '30', '40']);
});

it('gives its feeds back when it stops, so that the next need not wait for the lease', async () => {
  let release = (): void => undefined;
  const open = new Promise<void>((resolve) => (release = resolve));
  hub.outside.instead.push(async (asked) => {
    await open;
    return hub.outside.page(asked);
  });
  await due();
  const [stopping, next] = [pollerOn(hub, hub.db), pollerOn(hub, hub.db)];
  await stopping.lend();
  hub.outside.add('moves', { id: 'last' });
  await stopping.onModuleDestroy();
  await pollOnce(next);
  expect(await hub.stored(source)).toContain('feed:moves:last');
  release();
  await stopping.idle();
  expect(await one('select cursor as value from intake.feed where source_id = $1 and name = $2', source, 'moves')).toBe('46');
}, 20_000);
