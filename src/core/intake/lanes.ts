import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database, type Queryable } from '../persistence/database.js';
import { holdBack, type Holding } from './exceptions/hold-back.js';
import { IntakeMetrics } from './intake-metrics.js';

export interface ClaimedDelivery {
  readonly id: number;
  readonly senderKey: string;
  readonly topic: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly correlationId: string;
  readonly receivedAt: Date;
  readonly body: Buffer;
  /** How often it has failed by itself. */
  readonly attempts: number;
  readonly pauseMs: number;
}

/** One connection's head of the queue, lent to this worker until the lease ends. `fence` proves the loan. */
export interface LaneClaim {
  readonly sourceId: number;
  readonly fence: number;
  /** How often in a row the whole lane has failed. */
  readonly failures: number;
  readonly pauseMs: number;
  readonly deliveries: readonly ClaimedDelivery[];
}

export type SettledState = 'done' | 'ignored' | 'parked' | 'failed';

export interface Settled {
  readonly deliveryId: number;
  readonly state: SettledState;
  readonly applied: number;
  readonly repeated: number;
  readonly reason: string | null;
}

/** A delivery that failed by itself and is tried again after a pause. */
export interface Postponed {
  readonly deliveryId: number;
  readonly attempts: number;
  readonly pauseMs: number;
  readonly error: string;
}

/** What is to be written when a lane is given back. */
export interface LaneReturn {
  readonly claim: LaneClaim;
  readonly settled: readonly Settled[];
  /** Whose connector has read them; undefined where none has. */
  readonly plugin?: string;
  readonly postponed: readonly Postponed[];
  readonly holdings: readonly Holding[];
  /** Present when the lane itself has to wait: its connector is away, say. */
  readonly blocked?: { readonly pauseMs: number; readonly error: string; readonly counts: boolean };
}

export interface ClaimLimits {
  readonly lanes: number;
  readonly deliveries: number;
  readonly bytes: number;
}

interface ClaimRow {
  source_id: number; fence: number; failures: number; pause_ms: number; delivery_id: number; attempts: number; delivery_pause_ms: number;
  sender_key: string; topic: string; headers: Record<string, string>; correlation_id: string; received_at: Date; body: Buffer;
}

/** A worker that stalls for longer loses its lanes to another; one that is killed delays them by as much. */
const LEASE = '10 seconds';
export const RENEW_EVERY_MS = 3_000;

/** The SQL of the queue: who serves which connection, and what became of its deliveries. Leases go by the database's clock. */
@Injectable()
export class Lanes {
  private readonly worker = randomUUID();

  constructor(
    private readonly database: Database,
    private readonly metrics: IntakeMetrics,
  ) {}

  /** Lends the heads of lanes that nobody serves. `busy` are those that this process is serving. */
  async claim(busy: readonly number[], limits: ClaimLimits): Promise<LaneClaim[]> {
    const asked = [this.worker, busy, limits.lanes, limits.deliveries, limits.bytes, LEASE];
    const rows = await this.metrics.timed('claim', () => this.database.query<ClaimRow>('select * from intake.claim($1, $2, $3, $4, $5, $6)', asked));
    const claims = new Map<number, LaneClaim & { deliveries: ClaimedDelivery[] }>();
    for (const row of rows) {
      let claim = claims.get(row.source_id);
      if (!claim) claims.set(row.source_id, (claim = { sourceId: row.source_id, fence: row.fence, failures: row.failures, pauseMs: row.pause_ms, deliveries: [] }));
      claim.deliveries.push({
        id: row.delivery_id, senderKey: row.sender_key, topic: row.topic, headers: row.headers, correlationId: row.correlation_id,
        receivedAt: row.received_at, body: row.body, attempts: row.attempts, pauseMs: row.delivery_pause_ms,
      });
    }
    for (const { deliveries } of claims.values()) this.metrics.claimed(deliveries.length);
    return [...claims.values()];
  }

  /** Keeps lanes that are still being served; a lane that was lost stays lost. */
  async renew(claims: readonly Pick<LaneClaim, 'sourceId' | 'fence'>[]): Promise<void> {
    await this.database.execute(`
      update intake.lane l set claimed_until = intake.clock() + interval '${LEASE}'
      from unnest($1::integer[], $2::bigint[]) as mine (source_id, fence) where l.source_id = mine.source_id and l.fence = mine.fence`, columns(claims, 'sourceId', 'fence'));
  }

  /**
   * Writes what became of the deliveries of several lanes and gives the lanes back, in one transaction. A lane whose
   * fence has moved on was lost to another worker, who does its deliveries again: nothing of it is written.
   */
  async giveBack(returns: readonly LaneReturn[]): Promise<void> {
    const ours = await this.metrics.timed('finish', () => this.write(returns));
    for (const { claim, plugin, settled } of returns) {
      if (plugin === undefined || !ours.has(claim.sourceId)) continue;
      const receivedAt = new Map(claim.deliveries.map((delivery) => [delivery.id, delivery.receivedAt]));
      this.metrics.settled(plugin, settled.map(({ deliveryId, state }) => ({ state, receivedAt: receivedAt.get(deliveryId) ?? new Date() })));
    }
  }

  private async write(returns: readonly LaneReturn[]): Promise<Set<number>> {
    if (returns.every(({ postponed, holdings }) => postponed.length + holdings.length === 0)) {
      return settle(this.database, returns);
    }
    return this.database.transaction(async (tx) => {
      const ours = await settle(tx, returns);
      const kept = returns.filter(({ claim }) => ours.has(claim.sourceId));
      await postpone(tx, kept);
      await holdBack(tx, kept.flatMap(({ holdings }) => holdings));
      return ours;
    });
  }

  /** Ends every pause of a connection: what it waited for (its plugin, its configuration, a person) may be there now. */
  async hurry(sourceId: number): Promise<void> {
    await this.database.execute(`update intake.lane set not_before = '-infinity' where source_id = $1 and not_before > '-infinity'`, [sourceId]);
    await this.database.execute(`update intake.pending set not_before = '-infinity' where source_id = $1 and not_before > '-infinity'`, [sourceId]);
  }
}

/** Answers the sources whose lanes were still ours. */
async function settle(tx: Queryable, returns: readonly LaneReturn[]): Promise<Set<number>> {
  const rows = returns.flatMap(({ claim, settled }) => settled.map((one) => ({ ...one, sourceId: claim.sourceId })));
  const lanes = returns.map(({ claim, blocked }) => ({
    sourceId: claim.sourceId, fence: claim.fence, failures: blocked ? claim.failures + (blocked.counts ? 1 : 0) : 0, pauseMs: blocked?.pauseMs ?? 0, error: blocked?.error ?? null,
  }));
  const [answer] = await tx.query<{ ours: number[] }>('select intake.give_back($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) as ours', [
    ...columns(lanes, 'sourceId', 'fence', 'failures', 'pauseMs', 'error'), ...columns(rows, 'sourceId', 'deliveryId', 'state', 'applied', 'repeated', 'reason'),
  ]);
  return new Set(answer?.ours);
}

async function postpone(tx: Queryable, returns: readonly LaneReturn[]): Promise<void> {
  const rows = returns.flatMap(({ claim, postponed }) => postponed.map((one) => ({ ...one, sourceId: claim.sourceId })));
  if (rows.length === 0) return;
  await tx.query(`
    update intake.pending p set attempts = f.attempts, pause_ms = f.pause_ms, not_before = intake.clock() + f.pause_ms * interval '1 millisecond', last_error = f.error
    from unnest($1::integer[], $2::bigint[], $3::integer[], $4::integer[], $5::text[]) as f (source_id, delivery_id, attempts, pause_ms, error)
    where p.source_id = f.source_id and p.delivery_id = f.delivery_id`, columns(rows, 'sourceId', 'deliveryId', 'attempts', 'pauseMs', 'error'));
}

/** The named fields of all rows, as the arrays that `unnest` takes. */
export function columns<Row>(rows: readonly Row[], ...names: (keyof Row)[]): unknown[][] {
  return names.map((name) => rows.map((row) => row[name]));
}
