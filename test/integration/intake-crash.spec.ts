import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConnectionDirectory } from '../../src/core/connector/connection-directory.js';
import { PluginHost } from '../../src/core/connector/plugin-host.js';
import { ParkedStore } from '../../src/core/intake/exceptions/parked-store.js';
import { ReplayParked } from '../../src/core/intake/exceptions/replay-parked.js';
import { ReadDeliveries } from '../../src/core/intake/facts/read-deliveries.js';
import { RecordEvents } from '../../src/core/intake/facts/record-events.js';
import { WorkLane } from '../../src/core/intake/facts/work-lane.js';
import { InboxConsumer } from '../../src/core/intake/inbox.consumer.js';
import { Inbox } from '../../src/core/intake/inbox.js';
import { IntakeMetrics } from '../../src/core/intake/intake-metrics.js';
import { Lanes } from '../../src/core/intake/lanes.js';
import { StockFacts } from '../../src/core/intake/stock-facts.js';
import { CrossReferences } from '../../src/core/mapping/cross-references.js';
import type { WakeUps } from '../../src/core/orchestration/wake-ups.js';
import type { Database } from '../../src/core/persistence/database.js';
import { CatalogDirectory } from '../../src/modules/catalog/index.js';
import { InventoryMetrics } from '../../src/modules/inventory/inventory-metrics.js';
import { LedgerLanes } from '../../src/modules/inventory/ledger/ledger-lanes.js';
import { RecordStock } from '../../src/modules/inventory/ledger/record-stock.js';
import { DoomedDatabase } from '../support/crash/doomed-database.js';
import { moved, startIntakeApp, type IntakeApp } from '../support/intake.js';
import { Tracing } from '../../src/core/observability/tracing/tracing.js';

let hub: IntakeApp;

beforeAll(async () => {
  hub = await startIntakeApp();
  // The hub's own consumer must not help: only the processes that the test starts and kills may work.
  await hub.app.get(InboxConsumer).onModuleDestroy();
  hub.app.get(ReplayParked).onModuleDestroy();
});
afterAll(() => hub.stop());

interface Process {
  readonly consumer: InboxConsumer;
  readonly replay: ReplayParked;
}

function processOn(database: Database): Process {
  const wakeUps = { on: () => undefined, ring: () => undefined } as unknown as WakeUps;
  const facts = new StockFacts();
  facts.register(new RecordStock(new CatalogDirectory(database), new LedgerLanes(database, wakeUps, hub.app.get(InventoryMetrics), hub.app.get(Tracing))));
  const references = new CrossReferences(database);
  const recorder = new RecordEvents(references, facts);
  const [metrics, connections] = [hub.app.get(IntakeMetrics), hub.app.get(ConnectionDirectory)];
  const worker = new WorkLane(new ReadDeliveries(hub.app.get(PluginHost)), recorder, metrics, hub.app.get(Tracing));
  return {
    consumer: new InboxConsumer(new Lanes(database, metrics), worker, connections, wakeUps, hub.app.get(Inbox)),
    replay: new ReplayParked(new ParkedStore(database, metrics), recorder, connections, references, wakeUps),
  };
}

/** What a kill leaves is found when the lease of the killed has run out. */
const leasesEnd = (): Promise<number> => hub.db.execute(`update intake.lane set claimed_until = '-infinity'`);
const one = async <T>(sql: string, ...parameters: unknown[]): Promise<T | undefined> => (await hub.db.query<{ value: T }>(sql, parameters))[0]?.value;
const movements = (run: string): Promise<number | undefined> => one('select count(*) as value from inventory.movement where event_id like $1', `${run}%`);
const sumOf = (run: string): Promise<number | undefined> => one('select coalesce(sum(quantity), 0)::bigint as value from inventory.movement where event_id like $1', `${run}%`);

async function drain(process: Process): Promise<void> {
  for (let rounds = 0; rounds < 5; rounds += 1) {
    await process.consumer.lend().catch(() => undefined);
    await process.consumer.idle();
  }
}

/** Nine facts from two connections; one repeated, one whose item nobody knows, one delivery that cannot be read. */
async function deliver(run: string): Promise<void> {
  const inbox = hub.app.get(Inbox);
  const arrive = (connection: string, body: object): Promise<unknown> => inbox.accept({
    sourceId: hub.sources[connection] ?? 0, senderKey: randomUUID(), topic: 'stock', headers: {}, correlationId: run, body: Buffer.from(JSON.stringify(body)),
  });
  const fact = (name: string, item = 'A') => moved({ eventId: `${run} ${name}`, item, quantity: 10 });
  await Promise.all([
    arrive('tape-1', { events: [fact('one'), fact('two', 'B')] }),
    arrive('tape-1', { events: [fact('two', 'B'), fact('three'), fact('strange', `strange-${run}`)] }),
    arrive('tape-1', { fail: `unreadable ${run}` }),
    arrive('tape-2', { events: [fact('four'), fact('five', 'B')] }),
    arrive('tape-2', { events: [fact('six')] }),
  ]);
}

/** Everything that must hold after any history: what is counted agrees with what is there. */
async function expectSound(): Promise<void> {
  expect(await one(`select count(*) as value from intake.exception e where e.held <> (select count(*) from intake.held_by b where b.exception_id = e.id)`)).toBe(0);
  expect(await one(`select count(*) as value from intake.exception e where (e.state = 'open') <> (e.held > 0)`)).toBe(0);
  expect(await one('select count(*) as value from intake.held_by b left join intake.held h on h.id = b.held_id where h.id is null')).toBe(0);
  expect(await one('select count(*) as value from intake.held h where not exists (select from intake.held_by b where b.held_id = h.id)')).toBe(0);
  expect(await one('select count(*) as value from intake.pending')).toBe(0);
  expect(await one('select count(*) as value from intake.delivery d left join intake.outcome o on o.delivery_id = d.id where o.delivery_id is null')).toBe(0);
}

describe('a hub that is killed while it works', () => {
  for (const dies of ['before', 'after'] as const) {
    it(`loses nothing and doubles nothing, whichever statement it dies ${dies}`, async () => {
      let points = 0;
      for (let diesAt = 1; ; diesAt += 1) {
        const run = `${dies}-${diesAt}`;
        await deliver(run);
        const doomed = new DoomedDatabase(hub.db, diesAt, dies);
        await drain(processOn(doomed as unknown as Database));
        await leasesEnd();
        await drain(processOn(hub.db));
        expect(await movements(run), run).toBe(6);
        expect(await sumOf(run), run).toBe(60);
        await hub.map('item', 'sku-of-tape', `strange-${run}`, 'A');
        const replaying = new DoomedDatabase(hub.db, diesAt, dies);
        await processOn(replaying as unknown as Database).replay.run().catch(() => undefined);
        await processOn(hub.db).replay.run();
        expect(await movements(run), run).toBe(7);
        expect(await one(`select count(*) as value from intake.held where key like $1`, `moved ${run} %`), run).toBe(0);
        points = diesAt;
        if (!doomed.dead && !replaying.dead) break;
      }
      expect(points).toBeGreaterThan(20);
      await expectSound();
      const states = await hub.db.query('select o.state, count(*) as count from intake.outcome o group by 1 order by 1');
      expect(states).toEqual([{ state: 'done', count: expect.any(Number) }, { state: 'failed', count: expect.any(Number) }]);
    }, 60_000);
  }
});

describe('a worker that stalls beyond its lease', () => {
  it('writes nothing when it wakes up, since another has taken its lane', async () => {
    const run = `stall-${randomUUID()}`;
    await deliver(run);
    const [late, other] = [new Lanes(hub.db, hub.app.get(IntakeMetrics)), new Lanes(hub.db, hub.app.get(IntakeMetrics))];
    const limits = { lanes: 10, deliveries: 10, bytes: 1_000_000 };
    const claims = await late.claim([], limits);
    expect(claims.map(({ deliveries }) => deliveries.length).sort()).toEqual([2, 3]);
    expect(await other.claim([], limits)).toEqual([]);
    await leasesEnd();
    const retaken = await other.claim([], limits);
    expect(retaken.map(({ deliveries }) => deliveries.map(({ id }) => id))).toEqual(claims.map(({ deliveries }) => deliveries.map(({ id }) => id)));
    const settle = (given: typeof claims) => given.map((claim) => ({
      claim, postponed: [], holdings: [], settled: claim.deliveries.map(({ id }) => ({ deliveryId: id, state: 'done' as const, applied: 0, repeated: 0, reason: null })),
    }));
    await late.renew(claims);
    await late.giveBack(settle(claims));
    expect(await one('select count(*) as value from intake.pending')).toBe(5);
    expect(await one(`select count(*) as value from intake.lane where claimed_until > intake.clock()`)).toBe(2);
    await other.giveBack(settle(retaken));
    expect(await one('select count(*) as value from intake.pending')).toBe(0);
  });

  it('takes a lane of its own again that it has lost sight of', async () => {
    await deliver(`sight-${randomUUID()}`);
    const lanes = new Lanes(hub.db, hub.app.get(IntakeMetrics));
    const limits = { lanes: 10, deliveries: 10, bytes: 1_000_000 };
    const first = await lanes.claim([], limits);
    expect(await lanes.claim(first.map(({ sourceId }) => sourceId), limits)).toEqual([]);
    const again = await lanes.claim([], limits);
    expect(again.map(({ fence }) => fence)).toEqual(first.map(({ fence }) => fence + 1));
  });
});
