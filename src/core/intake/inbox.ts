import { Injectable } from '@nestjs/common';
import { HubError } from '../errors/index.js';
import { WakeUps } from '../orchestration/wake-ups.js';
import { Coalescer } from '../persistence/coalescer.js';
import { Database } from '../persistence/database.js';
import { numberArray, textArray } from '../persistence/sql-array.js';
import { IntakeMetrics } from './intake-metrics.js';

/** The topic of the wake-up that says that deliveries wait in the inbox. */
export const INTAKE_TOPIC = 'intake';

/** One verified delivery at the door, or one record of a feed. (sourceId, senderKey) is its identity, for ever. */
export interface Arrival {
  readonly sourceId: number;
  readonly senderKey: string;
  readonly topic: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly correlationId: string;
  readonly body: Buffer;
}

export type Acceptance = 'accepted' | 'duplicate';

const MOST_A_BATCH = 500;
/** At 3,000 a second the last of these waits half a second; beyond it, a sender is better told to come back. */
const MOST_WAITING = 1_500;
const MOST_WAITING_BYTES = 32 * 1_024 * 1_024;
const RETRY_AFTER_SECONDS = 1;
/** So many at once are a crowd: at 1,000 a second about five wait at any moment. It counts as one for a while after. */
const CROWD = 16;
const CROWD_LASTS_MS = 100;

/**
 * Where deliveries are committed before they are answered. Those that arrive together are written together; how many
 * may wait is bounded in number and bytes, and one connection may take half of the room only, so that a sender
 * gone wild leaves the door open for the others.
 */
@Injectable()
export class Inbox {
  /** One batch at a time: two would be half as large, and it is the number of commits that costs. */
  private readonly coalescer = new Coalescer<Arrival, Acceptance>((arrivals) => this.write(arrivals), MOST_A_BATCH);
  private readonly waitingBySource = new Map<number, number>();
  private waiting = 0;
  private waitingBytes = 0;
  private crowdedAt = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly wakeUps: WakeUps,
    private readonly metrics: IntakeMetrics,
  ) {}

  /** Whether many wait at the door, so that other work had better leave it the processor. */
  get crowded(): boolean {
    return performance.now() - this.crowdedAt < CROWD_LASTS_MS;
  }

  /**
   * Resolves after the commit. Repeating a delivery is harmless and answers 'duplicate'.
   * @throws HubError OVERLOADED when too many wait already, DATABASE_UNAVAILABLE by way of the driver's error.
   */
  async accept(arrival: Arrival): Promise<Acceptance> {
    const { sourceId, body } = arrival;
    const ofSource = this.waitingBySource.get(sourceId) ?? 0;
    if (this.waiting >= MOST_WAITING || this.waitingBytes + body.length > MOST_WAITING_BYTES || ofSource >= MOST_WAITING / 2) {
      throw new HubError('OVERLOADED', { detail: 'Too many deliveries wait to be stored.', retryAfterSeconds: RETRY_AFTER_SECONDS });
    }
    this.waiting += 1;
    if (this.waiting >= CROWD) this.crowdedAt = performance.now();
    this.waitingBytes += body.length;
    this.waitingBySource.set(sourceId, ofSource + 1);
    try {
      return await this.coalescer.submit(arrival);
    } finally {
      this.waiting -= 1;
      this.waitingBytes -= body.length;
      const left = (this.waitingBySource.get(sourceId) ?? 1) - 1;
      if (left === 0) this.waitingBySource.delete(sourceId);
      else this.waitingBySource.set(sourceId, left);
    }
  }

  private async write(arrivals: readonly Arrival[]): Promise<Acceptance[]> {
    const rows = await this.database.query<{ position: number }>('select accept as position from intake.accept($1, $2, $3, $4, $5, $6, $7)', acceptArguments(arrivals));
    const outcomes = new Array<Acceptance>(arrivals.length).fill('duplicate');
    for (const { position } of rows) outcomes[position - 1] = 'accepted';
    this.metrics.stored(arrivals.length, rows.length);
    if (rows.length > 0) this.wakeUps.ring(INTAKE_TOPIC);
    return outcomes;
  }
}

/** What `intake.accept` takes, in its order: it stores what is new of the arrivals, and answers which they were. */
export function acceptArguments(arrivals: readonly Arrival[]): unknown[] {
  return [
    numberArray(arrivals.map(({ sourceId }) => sourceId)),
    textArray(arrivals.map(({ senderKey }) => senderKey)),
    textArray(arrivals.map(({ topic }) => topic)),
    textArray(arrivals.map(({ headers }) => JSON.stringify(headers))),
    textArray(arrivals.map(({ correlationId }) => correlationId)),
    numberArray(arrivals.map(({ body }) => body.length)),
    Buffer.concat(arrivals.map(({ body }) => body)),
  ];
}
