import type { ParseResult, StockMoved, Delivery } from '@crossdock/connector-sdk';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../connector/connection.js';
import type { PluginHost } from '../../connector/plugin-host.js';
import { HubError } from '../../errors/index.js';
import type { IntakeMetrics } from '../intake-metrics.js';
import type { ClaimedDelivery, LaneClaim } from '../lanes.js';
import { ReadDeliveries } from './read-deliveries.js';
import type { EventEntry, EventOutcome, RecordEvents } from './record-events.js';
import { WorkLane, type LaneWork } from './work-lane.js';
import { Tracing } from '../../observability/tracing/tracing.js';
import type { Settings } from '../../settings/settings.js';
import { Metrics } from '../../observability/metrics.js';

const connection = { sourceId: 5, id: 'shop', matchItemsBy: 'reference', manifest: { webhooks: { topics: ['stock'] } } } as unknown as Connection;
const metrics = { timed: (_stage: string, work: () => Promise<unknown>) => work(), became: () => undefined } as unknown as IntakeMetrics;

/** A delivery whose body says how the connector and the ledger take it. */
const delivery = (id: number, body = 'fine', attempts = 0, pauseMs = 0): ClaimedDelivery => ({
  id, senderKey: `k${id}`, topic: 'stock', headers: {}, correlationId: 'c', receivedAt: new Date(0), body: Buffer.from(body), attempts, pauseMs,
});
const claimOf = (deliveries: readonly ClaimedDelivery[], failures = 0): LaneClaim => ({ sourceId: 5, fence: 1, failures, pauseMs: 0, deliveries });

const event = (body: string): StockMoved => ({
  kind: 'StockMoved', eventId: body, line: '1', movement: 'sale', quantity: 1, occurredAt: '2026-01-01T00:00:00Z', item: { type: 'i', id: '1' }, location: { type: 'l', id: '1' },
});

interface Bench {
  readonly work: (claim: LaneClaim) => Promise<LaneWork>;
  /** How many deliveries each call of the connector held. */
  readonly calls: number[];
}

function bench(): Bench {
  const calls: number[] = [];
  let away = false;
  const parseDeliveries = async (_connection: Connection, deliveries: readonly Delivery[]): Promise<ParseResult[]> => {
    calls.push(deliveries.length);
    if (away) throw new HubError('PLUGIN_UNAVAILABLE', { detail: 'away for a while' });
    const bad = deliveries.find(({ body }) => body === 'throws' || body === 'crashes');
    if (bad?.body === 'crashes') away = true;
    if (bad) throw new HubError('PLUGIN_FAILED', { detail: `it ${bad.body}` });
    return deliveries.map(({ body }) => (body === 'ignored' ? { kind: 'ignored', reason: 'no stock' } : { kind: 'events', events: [event(body)] }));
  };
  const record = async (_connection: Connection, entries: readonly EventEntry[]): Promise<EventOutcome[]> => {
    if (entries.some((entry) => entry.event.eventId === 'outage')) throw new HubError('DATABASE_UNAVAILABLE');
    if (entries.some((entry) => entry.event.eventId === 'poison')) throw new Error('value out of range');
    return entries.map(() => ({ kind: 'applied' }));
  };
  const worker = new WorkLane(new ReadDeliveries({ parseDeliveries } as unknown as PluginHost), { record } as unknown as RecordEvents, metrics, new Tracing({} as Settings, new Metrics()));
  return { work: (claim) => worker.work(connection, claim), calls };
}

const many = (count: number, from = 1): ClaimedDelivery[] => Array.from({ length: count }, (_, index) => delivery(from + index));
const ids = (work: LaneWork): { done: number[]; failed: number[]; postponed: number[] } => ({
  done: work.settled.filter(({ state }) => state === 'done').map(({ deliveryId }) => deliveryId),
  failed: work.settled.filter(({ state }) => state === 'failed').map(({ deliveryId }) => deliveryId),
  postponed: work.postponed.map(({ deliveryId }) => deliveryId),
});

describe('a batch of one lane', () => {
  it('is one call of the connector when all is well', async () => {
    const { work, calls } = bench();
    expect(ids(await work(claimOf(many(250)))).done.length).toBe(250);
    expect(calls).toEqual([250]);
  });

  it('fails as a whole at first, since most failures pass', async () => {
    const { work, calls } = bench();
    await expect(work(claimOf([...many(3), delivery(4, 'throws')]))).rejects.toThrow('it throws');
    expect(calls).toEqual([4]);
  });

  it('is read one by one when it has failed repeatedly: the culprit alone is put off', async () => {
    const { work, calls } = bench();
    const result = await work(claimOf([...many(3), delivery(4, 'throws'), ...many(3, 5)], 2));
    expect(ids(result)).toEqual({ done: [1, 2, 3, 5, 6, 7], failed: [], postponed: [4] });
    expect(result.postponed).toMatchObject([{ attempts: 1, error: 'it throws' }]);
    expect(calls).toEqual([1, 1, 1, 1, 1, 1, 1]);
    expect(result.stopped).toBeUndefined();
  });

  it('keeps what was read before the culprit took the connector down, and leaves the rest in the queue', async () => {
    const { work, calls } = bench();
    const result = await work(claimOf([...many(3), delivery(4, 'crashes'), ...many(3, 5)], 2));
    expect(ids(result)).toEqual({ done: [1, 2, 3], failed: [], postponed: [4] });
    expect(result.stopped).toMatchObject({ code: 'PLUGIN_UNAVAILABLE' });
    expect(calls.length).toBe(5);
  });

  it('blames three at most when nothing can be read at all', async () => {
    const { work, calls } = bench();
    const result = await work(claimOf(Array.from({ length: 50 }, (_, index) => delivery(index + 1, 'throws')), 2));
    expect(ids(result)).toEqual({ done: [], failed: [], postponed: [1, 2, 3] });
    expect(result.stopped).toMatchObject({ code: 'PLUGIN_FAILED' });
    expect(calls.length).toBe(3);
  });

  it('reads a suspect by itself, after the others, and gives it up when it fails among them for the third time', async () => {
    const { work, calls } = bench();
    expect(ids(await work(claimOf([delivery(1, 'throws', 1), ...many(2, 2)])))).toEqual({ done: [2, 3], failed: [], postponed: [1] });
    const last = await work(claimOf([delivery(1, 'throws', 2), ...many(2, 2)]));
    expect(ids(last)).toEqual({ done: [2, 3], failed: [1], postponed: [] });
    expect(last.holdings).toMatchObject([{ deliveryId: 1, event: null, causes: [{ class: 'PLUGIN_FAILED', cause: 'stock', waitsFor: [] }] }]);
    expect(calls).toEqual([2, 1, 2, 1]);
  });

  it('is more patient with a suspect that has nobody to be compared with', async () => {
    const { work } = bench();
    expect(ids(await work(claimOf([delivery(1, 'throws', 8)]))).postponed).toEqual([1]);
    expect(ids(await work(claimOf([delivery(1, 'throws', 9)]))).failed).toEqual([1]);
  });

  it('gives up one that fails for the third time when others succeeded in batches of their own meanwhile', async () => {
    const { work } = bench();
    await work(claimOf(many(1)));
    expect(ids(await work(claimOf([delivery(2, 'throws', 1, 60_000)]))).postponed).toEqual([2]);
    expect(ids(await work(claimOf([delivery(2, 'throws', 2, 60_000)]))).failed).toEqual([2]);
  });

  it('asks who passed where it failed: a connector that ignores others can read them, and says nothing of the ledger', async () => {
    const { work } = bench();
    await work(claimOf([delivery(1, 'ignored')]));
    expect(ids(await work(claimOf([delivery(2, 'throws', 2, 60_000)]))).failed).toEqual([2]);
    expect(ids(await work(claimOf([delivery(3, 'poison', 2, 60_000)]))).postponed).toEqual([3]);
    expect(ids(await work(claimOf([delivery(4, 'poison', 2, 60_000), delivery(5)]))).failed).toEqual([4]);
  });

  it('learns nothing from others that succeeded before it failed', async () => {
    const { work } = bench();
    await work(claimOf(many(1)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ids(await work(claimOf([delivery(2, 'throws', 2, 5)]))).postponed).toEqual([2]);
  });

  it('is halved when the ledger refuses it repeatedly, until the culprit is found', async () => {
    const { work } = bench();
    await expect(work(claimOf([...many(3), delivery(4, 'poison')]))).rejects.toThrow('value out of range');
    expect(ids(await work(claimOf([...many(3), delivery(4, 'poison'), ...many(20, 5)], 2)))).toMatchObject({ failed: [], postponed: [4] });
    const last = await work(claimOf([...many(3), delivery(4, 'poison', 2)]));
    expect(ids(last)).toEqual({ done: [1, 2, 3], failed: [4], postponed: [] });
    expect(last.holdings).toMatchObject([{ deliveryId: 4, causes: [{ class: 'INTERNAL' }] }]);
  });

  it('blames nobody for an outage of the database', async () => {
    const { work } = bench();
    await expect(work(claimOf([...many(3), delivery(4, 'outage', 2)], 5))).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });
});
