import { beforeEach, describe, expect, it } from 'vitest';
import type { WakeUps } from '../orchestration/wake-ups.js';
import type { Database } from '../persistence/database.js';
import { Inbox, type Arrival } from './inbox.js';
import type { IntakeMetrics } from './intake-metrics.js';

/** A database that answers when it is told to; every delivery is new. */
class SlowDatabase {
  readonly batches: number[] = [];
  private waiting: (() => void)[] = [];

  query(_sql: string, parameters: readonly unknown[]): Promise<{ position: number }[]> {
    const count = String(parameters[0]).split(',').length;
    this.batches.push(count);
    return new Promise((resolve) => this.waiting.push(() => resolve(Array.from({ length: count }, (_, index) => ({ position: index + 1 })))));
  }

  /** Answers everything that was asked or is asked because of the answers. */
  async answer(): Promise<void> {
    do {
      for (const release of this.waiting.splice(0)) release();
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.waiting.length > 0);
  }
}

let database: SlowDatabase;
let rings: number;
let inbox: Inbox;

beforeEach(() => {
  database = new SlowDatabase();
  rings = 0;
  inbox = new Inbox(database as unknown as Database, { ring: () => (rings += 1) } as unknown as WakeUps, { stored: () => undefined } as unknown as IntakeMetrics);
});

const arrival = (sourceId: number, bytes = 10): Arrival => ({ sourceId, senderKey: 'k', topic: 't', headers: {}, correlationId: 'c', body: Buffer.alloc(bytes) });
const codeOf = (refused: Promise<unknown>): Promise<string> => refused.then(() => 'accepted', (error: { code: string; details: { retryAfterSeconds?: number } }) => `${error.code} ${error.details.retryAfterSeconds}`);

describe('the room at the door', () => {
  it('is bounded in number: who comes later is told when to come back, and there is room again afterwards', async () => {
    const accepted = Array.from({ length: 1_500 }, (_, index) => inbox.accept(arrival(index % 3)));
    expect(await codeOf(inbox.accept(arrival(7)))).toBe('OVERLOADED 1');
    await database.answer();
    expect(new Set(await Promise.all(accepted))).toEqual(new Set(['accepted']));
    const late = inbox.accept(arrival(7));
    await database.answer();
    expect(await late).toBe('accepted');
  });

  it('is bounded in bytes', async () => {
    const large = Array.from({ length: 16 }, (_, index) => inbox.accept(arrival(index, 2 * 1_024 * 1_024)));
    expect(await codeOf(inbox.accept(arrival(99, 1)))).toBe('OVERLOADED 1');
    await database.answer();
    await Promise.all(large);
  });

  it('is half for one connection at most, so that others still come in', async () => {
    const wild = Array.from({ length: 750 }, () => inbox.accept(arrival(1)));
    expect(await codeOf(inbox.accept(arrival(1)))).toBe('OVERLOADED 1');
    const other = inbox.accept(arrival(2));
    await database.answer();
    expect(await other).toBe('accepted');
    await Promise.all(wild);
  });

  it('writes what has come together in one batch, and rings once for it', async () => {
    const first = inbox.accept(arrival(1));
    await Promise.resolve();
    const others = Array.from({ length: 600 }, (_, index) => inbox.accept(arrival(index % 4)));
    await database.answer();
    await Promise.all([first, ...others]);
    expect(database.batches.reduce((sum, count) => sum + count, 0)).toBe(601);
    expect(database.batches.length).toBeLessThanOrEqual(3);
    expect(Math.max(...database.batches)).toBe(500);
    expect(rings).toBe(database.batches.length);
  });

  it('is crowded while many wait, and for a moment after', async () => {
    const few = Array.from({ length: 15 }, () => inbox.accept(arrival(1)));
    expect(inbox.crowded).toBe(false);
    const one = inbox.accept(arrival(1));
    expect(inbox.crowded).toBe(true);
    await database.answer();
    await Promise.all([...few, one]);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(inbox.crowded).toBe(false);
  });
});
