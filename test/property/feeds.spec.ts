import type { FeedPage, FeedRequest } from '@crossdock/connector-sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Connection } from '../../src/core/connector/connection.js';
import type { PluginHost } from '../../src/core/connector/plugin-host.js';
import { FeedPoller } from '../../src/core/intake/feeds/feed-poller.js';
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

/** A writer outside may commit a record that bears a time so much earlier. */
const LATEST = 5;

interface Scan {
  /** When this scan began; the next one reads from LATEST before that. */
  readonly began: number;
  readonly after?: readonly [time: number, id: string];
}

/** A system whose records bear a time and are committed out of order, and a connector that reads it with an overlap. */
class OutsideSystem {
  now = 100;
  limit = 3;
  readonly committed: { time: number; id: string }[] = [];
  /** Runs when a page has been read and not yet answered. */
  meanwhile: () => Promise<void> = () => Promise.resolve();

  constructor(private readonly prefix: string) {}

  commit(lateness: number): void {
    this.now += 1;
    this.committed.push({ time: this.now - lateness, id: `${this.prefix}-${this.committed.length}` });
  }

  async pollFeed(_connection: Connection, { cursor }: FeedRequest): Promise<FeedPage> {
    const { since, scan } = cursor === null ? { since: 0, scan: undefined } : (JSON.parse(cursor) as { since: number; scan?: Scan });
    const { began, after } = scan ?? { began: this.now, after: undefined };
    const waiting = this.committed.filter(({ time, id }) => time > since - LATEST - 1 && (!after || time > after[0] || (time === after[0] && id > after[1])));
    waiting.sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1));
    const records = waiting.slice(0, this.limit);
    const last = records.at(-1);
    const hasMore = waiting.length > records.length;
    await this.meanwhile();
    const nextCursor = JSON.stringify(hasMore && last ? { since, scan: { began, after: [last.time, last.id] } } : { since: began });
    return { records: records.map(({ id }) => ({ id, topic: 'moved', body: '{}' })), nextCursor, hasMore };
  }
}

type Step =
  | { readonly kind: 'commit'; readonly lateness: readonly number[] }
  | { readonly kind: 'poll' }
  | { readonly kind: 'kill'; readonly at: number; readonly dies: 'before' | 'after' }
  /** Another takes the feed while this poller's page is on its way, and more is committed. */
  | { readonly kind: 'stall'; readonly lateness: readonly number[] }
  | { readonly kind: 'reset'; readonly underWay: boolean };

const lateness = fc.array(fc.nat({ max: LATEST }), { minLength: 1, maxLength: 7 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('commit' as const), lateness }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('poll' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('kill' as const), at: fc.integer({ min: 1, max: 7 }), dies: fc.constantFrom('before' as const, 'after' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('stall' as const), lateness }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const), underWay: fc.boolean() }) },
);

const due = (): Promise<number> => hub.db.execute(`update intake.feed set due_at = '-infinity', claimed_until = '-infinity' where name = 'moves'`);
const cursor = async (): Promise<string | null | undefined> => (await hub.db.query<{ cursor: string | null }>(`select cursor from intake.feed where source_id = $1 and name = 'moves'`, [source]))[0]?.cursor;
const reset = async (): Promise<void> => void (await hub.db.execute(`select intake.reset_feed($1, 'moves', null)`, [source]));

async function take(outside: OutsideSystem, step: Step): Promise<void> {
  const host = outside as unknown as PluginHost;
  const poller = (database: Database = hub.db): FeedPoller => pollerOn(hub, database, host);
  /** Does so once, while the next page is on its way. */
  const during = (act: () => Promise<void>): void => {
    outside.meanwhile = async () => {
      outside.meanwhile = () => Promise.resolve();
      await act();
    };
  };
  await due();
  if (step.kind === 'commit') for (const late of step.lateness) outside.commit(late);
  else if (step.kind === 'poll') await pollOnce(poller());
  else if (step.kind === 'kill') await pollOnce(poller(new DoomedDatabase(hub.db, step.at, step.dies) as unknown as Database));
  else if (step.kind === 'stall') {
    let left: string | null | undefined;
    during(async () => {
      for (const late of step.lateness) outside.commit(late);
      await due();
      await pollOnce(poller());
      left = await cursor();
    });
    await pollOnce(poller());
    expect(await cursor(), 'a late page moved the cursor').toBe(left);
  } else {
    if (step.underWay) during(reset);
    await (step.underWay ? pollOnce(poller()) : reset());
    expect(await cursor(), 'a late page undid a reset').toBeNull();
  }
}

it('keeps every record exactly once, whatever is committed late, killed, stalled or set back in between', async () => {
  let runs = 0;
  await hub.steer('printer', 'pause', undefined, 'counts');
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 14 }), fc.integer({ min: 1, max: 6 }), async (steps, limit) => {
    const prefix = `run-${(runs += 1)}`;
    const outside = new OutsideSystem(prefix);
    outside.limit = limit;
    await hub.db.execute('delete from intake.pending where source_id = $1', [source]);
    await reset();
    for (const one of steps) await take(outside, one);
    outside.meanwhile = () => Promise.resolve();
    await take(outside, { kind: 'poll' });
    const stored = (await hub.stored(source)).filter((key) => key.startsWith(`feed:moves:${prefix}-`));
    expect(stored.toSorted()).toEqual(outside.committed.map(({ id }) => `feed:moves:${id}`).toSorted());
    const [waiting] = await hub.db.query<{ count: number }>('select count(*) as count from intake.pending p where source_id = $1', [source]);
    expect(waiting?.count).toBe(stored.length);
  }), { numRuns: 40 });
}, 90_000);
