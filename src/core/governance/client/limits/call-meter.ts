import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { HubError } from '../../../errors/index.js';
import { Database } from '../../../persistence/database.js';
import type { ClientCaller } from '../../access.js';
import { Allowance, type Loan, type Refusal } from './allowance.js';
import { limitHeaders } from './limit-headers.js';

/** Counts are written, and what was lent and lies idle is given back, this often. */
const SETTLE_EVERY_MS = 5_000;
const IDLE_MS = 2_000;

interface Tally {
  readonly sourceId: number;
  readonly keyId: string;
  /** Calls that the database does not know of; those of clients with limits were counted when they were lent. */
  calls: number;
}

/** Where the headers of an answer go. */
export interface HeaderSink {
  headers(values: Record<string, string>): unknown;
}

/**
 * Counts the calls of clients and holds them to their limits, for all processes together and without a statement for each
 * call. A process borrows calls in advance, a quarter of a second's worth at a time, from a row that all share; whatever
 * is let through anywhere was taken from that row first, so a limit is never exceeded. Calls of clients without limits
 * are counted in memory and written every five seconds; a process that is killed loses those, and wastes what it had borrowed.
 */
@Injectable()
export class CallMeter implements BeforeApplicationShutdown {
  private readonly logger = new Logger('call limits');
  private readonly allowances = new Map<number, Allowance>();
  private tallies = new Map<string, Tally>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly database: Database) {}

  /**
   * Lets a call through or refuses it. A promise is made only where this process has to ask.
   * @throws HubError RATE_LIMITED, QUOTA_EXCEEDED; whatever the database's absence throws, where calls have to be borrowed.
   */
  admit(caller: ClientCaller, answer: HeaderSink): true | Promise<true> {
    const { limits } = caller;
    if (!limits) {
      this.tally(caller).calls += 1;
      return true;
    }
    const allowance = this.allowanceOf(caller.sourceId, limits);
    allowance.usedAt = performance.now();
    const refusal = allowance.refused();
    if (!allowance.take()) return refusal ? this.refuse(allowance, refusal, answer) : this.borrowed(caller, allowance, answer);
    if (allowance.runsLow) this.ask(caller.sourceId, allowance).catch(() => undefined);
    return this.letThrough(caller, allowance, answer);
  }

  /** Writes the counts so far, for whoever wants to read them. */
  async settle(): Promise<void> {
    const tallies = [...this.tallies.values()];
    this.tallies = new Map();
    const sums = new Map<number, { calls: number; unused: number }>();
    for (const { sourceId, calls } of tallies) if (calls > 0) sums.set(sourceId, { calls: (sums.get(sourceId)?.calls ?? 0) + calls, unused: 0 });
    for (const [sourceId, unused] of this.idle(IDLE_MS)) sums.set(sourceId, { calls: sums.get(sourceId)?.calls ?? 0, unused });
    try {
      await this.write(sums, tallies.map(({ keyId }) => keyId));
    } catch (error) {
      // Counted again with the next ones; what was borrowed stays spent.
      for (const tally of tallies) this.tallyOf(tally.keyId, tally.sourceId).calls += tally.calls;
      this.logger.warn({ err: error, msg: 'The calls of clients could not be counted yet.' });
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    for (const allowance of this.allowances.values()) allowance.usedAt = Number.NEGATIVE_INFINITY;
    await this.settle();
  }

  private async write(sums: ReadonlyMap<number, { calls: number; unused: number }>, keyIds: readonly string[]): Promise<void> {
    if (sums.size > 0) {
      const values = [...sums.values()];
      await this.database.query('select governance.settle_calls($1::int[], $2::bigint[], $3::int[])', [[...sums.keys()], values.map((one) => one.calls), values.map((one) => one.unused)]);
    }
    // To the minute: so much tells whether a key is in use, and is one write a minute.
    if (keyIds.length > 0) {
      await this.database.execute(`update governance.api_key set last_used_at = clock_timestamp() where id = any($1::uuid[]) and (last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute')`, [keyIds]);
    }
  }

  private idle(forMs: number): [number, number][] {
    const now = performance.now();
    return [...this.allowances].filter(([, { usedAt, asking }]) => !asking && now - usedAt >= forMs).flatMap(([sourceId, allowance]): [number, number][] => {
      this.allowances.delete(sourceId);
      const unused = allowance.empty();
      return unused > 0 ? [[sourceId, unused]] : [];
    });
  }

  private allowanceOf(sourceId: number, limits: NonNullable<ClientCaller['limits']>): Allowance {
    const known = this.allowances.get(sourceId);
    if (known && same(known.limits, limits)) return known;
    const made = new Allowance(limits, () => performance.now());
    if (known) made.receive({ granted: known.empty(), short_of: null, wait_ms: null, left_over: 0 });
    this.allowances.set(sourceId, made);
    return made;
  }

  private async borrowed(caller: ClientCaller, allowance: Allowance, answer: HeaderSink): Promise<true> {
    allowance.waiting += 1;
    try {
      for (;;) {
        await this.ask(caller.sourceId, allowance);
        if (allowance.take()) return this.letThrough(caller, allowance, answer);
        const refusal = allowance.refused();
        if (refusal) return this.refuse(allowance, refusal, answer);
      }
    } finally {
      allowance.waiting -= 1;
    }
  }

  /** One question at a time for each client, in the name of all who wait. */
  private ask(sourceId: number, allowance: Allowance): Promise<void> {
    allowance.asking ??= this.database
      .query<Loan>('select * from governance.take_calls($1, $2)', [sourceId, allowance.loan + allowance.waiting])
      .then(([loan]) => void (loan && allowance.receive(loan)))
      .finally(() => (allowance.asking = undefined));
    return allowance.asking;
  }

  private letThrough(caller: ClientCaller, allowance: Allowance, answer: HeaderSink): true {
    this.tally(caller);
    answer.headers(limitHeaders(allowance));
    return true;
  }

  private refuse(allowance: Allowance, refusal: Refusal, answer: HeaderSink): never {
    const { shortOf, endsAt } = refusal;
    answer.headers(limitHeaders(allowance, refusal));
    const retryAfterSeconds = Math.max(0, endsAt - performance.now()) / 1_000;
    const { ratePerSecond, burst, perDay, perMonth } = allowance.limits;
    if (shortOf === 'rate') throw new HubError('RATE_LIMITED', { detail: `The client may call ${ratePerSecond} times a second, and ${burst} times at once.`, facts: { ratePerSecond, burst }, retryAfterSeconds });
    throw new HubError('QUOTA_EXCEEDED', { detail: `The client has made the ${shortOf === 'day' ? perDay : perMonth} calls of this ${shortOf} (UTC).`, facts: shortOf === 'day' ? { perDay } : { perMonth }, retryAfterSeconds });
  }

  private tally({ keyId, sourceId }: ClientCaller): Tally {
    return this.tallies.get(keyId) ?? this.tallyOf(keyId, sourceId);
  }

  private tallyOf(keyId: string, sourceId: number): Tally {
    const known = this.tallies.get(keyId);
    if (known) return known;
    const made = { sourceId, keyId, calls: 0 };
    this.tallies.set(keyId, made);
    this.timer ??= setInterval(() => void this.settle(), SETTLE_EVERY_MS).unref();
    return made;
  }
}

function same(a: NonNullable<ClientCaller['limits']>, b: NonNullable<ClientCaller['limits']>): boolean {
  return a.ratePerSecond === b.ratePerSecond && a.burst === b.burst && a.perDay === b.perDay && a.perMonth === b.perMonth;
}
