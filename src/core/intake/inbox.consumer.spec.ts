import { describe, expect, it } from 'vitest';
import type { ConnectionDirectory } from '../connector/connection-directory.js';
import type { WakeUps } from '../orchestration/wake-ups.js';
import type { WorkLane } from './facts/work-lane.js';
import { InboxConsumer } from './inbox.consumer.js';
import type { Inbox } from './inbox.js';
import type { LaneClaim, LaneReturn, Lanes } from './lanes.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const claimOf = (sourceId: number): LaneClaim => ({ sourceId, fence: 1, failures: 0, pauseMs: 0, deliveries: [] });

interface Bench {
  readonly consumer: InboxConsumer;
  /** Which lanes were busy at each claim. */
  readonly claims: number[][];
  /** Lanes that were given back. */
  readonly returned: number[];
}

/** A consumer whose work takes `workMs` and who is offered lanes 1 and 2 at first. */
function bench(workMs: number, crowded: boolean): Bench {
  const claims: number[][] = [];
  const returned: number[] = [];
  const lanes = {
    claim: async (busy: number[]) => {
      claims.push(busy);
      return claims.length === 1 ? [claimOf(1), claimOf(2)] : [];
    },
    giveBack: async (batch: LaneReturn[]) => void returned.push(...batch.map(({ claim }) => claim.sourceId)),
    renew: async () => undefined,
  } as unknown as Lanes;
  const worker = { work: async () => { await pause(workMs); return { settled: [], postponed: [], holdings: [] }; } } as unknown as WorkLane;
  const wakeUps = { ring: () => undefined, on: () => undefined } as unknown as WakeUps;
  const connections = { bySource: async () => ({ enabled: true }) } as unknown as ConnectionDirectory;
  return { consumer: new InboxConsumer(lanes, worker, connections, wakeUps, { crowded } as unknown as Inbox), claims, returned };
}

describe('the consumer of the inbox', () => {
  it('gives its lanes back, and takes them again at once', async () => {
    const { consumer, claims, returned } = bench(20, false);
    await consumer.lend();
    await consumer.idle();
    expect(returned).toEqual([1, 2]);
    await consumer.lend();
    expect(claims).toEqual([[], []]);
  });

  it('lets a lane rest while there is a crowd at the door, after it has been given back', async () => {
    const { consumer, claims, returned } = bench(40, true);
    await consumer.lend();
    await pause(70);
    expect(returned).toEqual([1, 2]);
    await consumer.lend();
    expect(claims).toEqual([[], [1, 2]]);
    await consumer.idle();
    await consumer.lend();
    expect(claims.at(-1)).toEqual([]);
  });

  it('takes nothing more once it is stopped, and waits for what is in flight', async () => {
    const { consumer, claims, returned } = bench(20, true);
    await consumer.lend();
    await consumer.onModuleDestroy();
    expect(returned).toEqual([1, 2]);
    await consumer.lend();
    expect(claims.length).toBe(1);
  });
});
