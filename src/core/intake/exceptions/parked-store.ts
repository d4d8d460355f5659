import type { CanonicalEvent } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import { Database, type Queryable } from '../../persistence/database.js';
import { IntakeMetrics } from '../intake-metrics.js';
import { holdBack, type Holding } from './hold-back.js';

/** An event that an exception holds, with all it takes to record it. */
export interface ParkedEvent {
  readonly id: number;
  readonly exceptionId: number;
  readonly sourceId: number;
  readonly key: string;
  readonly deliveryId: number;
  readonly event: CanonicalEvent;
  readonly correlationId: string;
  /** Class and cause of every exception that holds it, sorted: tells whether anything has changed since. */
  readonly causes: string;
}

/** An exception, and since when it has been due. */
export interface DueException {
  readonly id: number;
  readonly since: string;
  readonly automatic: boolean;
}

const MOST_DUE = 100;

const EVENT = `h.id, b.exception_id as "exceptionId", h.source_id as "sourceId", h.key, h.delivery_id as "deliveryId", h.event, h.correlation_id as "correlationId",
  (select string_agg(x.class || e'\\n' || x.cause, e'\\n\\n' order by x.class || e'\\n' || x.cause collate "C") from intake.held_by hb join intake.exception x on x.id = hb.exception_id where hb.held_id = h.id) as causes`;

/** The SQL of what exceptions hold back. */
@Injectable()
export class ParkedStore {
  constructor(
    private readonly database: Database,
    private readonly metrics: IntakeMetrics,
  ) {}

  /** Marks what waits for any of `keys`, in one connection or (undefined) in all of them. Answers how many exceptions. */
  async markDue(tx: Queryable, sourceId: number | undefined, keys: readonly string[]): Promise<number> {
    return tx.execute(`
      update intake.exception set due_at = intake.clock()
      where state = 'open' and held > 0 and waits_for && $2::text[] and ($1::integer is null or source_id = $1)`, [sourceId ?? null, keys]);
  }

  /** Exceptions to look at now, the longest due first. */
  due(): Promise<DueException[]> {
    return this.database.query<DueException>('select id, due_at::text as since, automatic from intake.exception where due_at <= intake.clock() order by due_at, id limit $1', [MOST_DUE]);
  }

  /** After its turn: due no more when it is done with (unless it became due again meanwhile), and otherwise behind all others. */
  async looked({ id, since }: DueException, done: boolean): Promise<void> {
    await this.database.execute('update intake.exception set due_at = case when $3 then null else intake.clock() end where id = $1 and due_at::text = $2', [id, since, done]);
  }

  /** Marks exceptions that still hold something as due. Answers whether there are any. */
  async follow(exceptionIds: readonly number[]): Promise<boolean> {
    if (exceptionIds.length === 0) return false;
    return (await this.database.execute('update intake.exception set due_at = intake.clock() where id = any ($1::bigint[]) and held > 0', [exceptionIds])) > 0;
  }

  /** The oldest event of each of the next open exceptions that end by themselves, by id after `after`. */
  samples(after: number, limit: number): Promise<ParkedEvent[]> {
    return this.database.query<ParkedEvent>(`
      select ${EVENT} from (select id from intake.exception where state = 'open' and automatic and held > 0 and id > $1 order by id limit $2) e
      cross join lateral (select exception_id, held_id from intake.held_by where exception_id = e.id order by held_id limit 1) b
      join intake.held h on h.id = b.held_id where h.event is not null order by e.id`, [after, limit]);
  }

  heldBy(exceptionId: number, after: number, limit: number): Promise<ParkedEvent[]> {
    return this.database.query<ParkedEvent>(`
      select ${EVENT} from intake.held_by b join intake.held h on h.id = b.held_id
      where b.exception_id = $1 and b.held_id > $2 and h.event is not null order by b.held_id limit $3`, [exceptionId, after, limit]);
  }

  /** Lets go of what could be applied, and moves what now waits for something else, in one transaction; `waiting` more stay as they are. */
  async free(applied: readonly number[], moved: readonly { id: number; holding: Holding }[], waiting: number): Promise<void> {
    if (applied.length + moved.length > 0) await this.write(applied, moved);
    this.metrics.replayed({ applied: applied.length, moved: moved.length, waiting });
  }

  private async write(applied: readonly number[], moved: readonly { id: number; holding: Holding }[]): Promise<void> {
    await this.database.transaction(async (tx) => {
      const deliveries = await letGo(tx, [...applied, ...moved.map(({ id }) => id)]);
      await holdBack(tx, moved.map(({ holding }) => holding));
      await settleDeliveries(tx, deliveries, 'done');
    });
  }
}

/** Removes held entries and closes the exceptions that hold nothing more. Answers the deliveries that they came from. */
export async function letGo(tx: Queryable, heldIds: readonly number[], state: 'resolved' | 'discarded' = 'resolved'): Promise<number[]> {
  // Exceptions are locked in one order first: two workers that let go of events with several causes would deadlock.
  await tx.query(`
    select e.id from intake.exception e where e.id in (select exception_id from intake.held_by where held_id = any ($1::bigint[])) order by e.id for update`, [heldIds]);
  const rows = await tx.query<{ delivery: number }>(`
    with gone as (delete from intake.held where id = any ($1::bigint[]) returning id, delivery_id),
    unlinked as (delete from intake.held_by b using gone g where b.held_id = g.id returning b.exception_id),
    counted as (
      update intake.exception e set held = e.held - c.count, state = case when e.held = c.count then $2 else e.state end, due_at = case when e.held = c.count then null else e.due_at end
      from (select exception_id, count(*) as count from unlinked group by 1) c where e.id = c.exception_id
    )
    select distinct delivery_id as delivery from gone order by 1`, [heldIds, state]);
  return rows.map(({ delivery }) => delivery);
}

/** A parked delivery is done when nothing of it is held any more. */
export async function settleDeliveries(tx: Queryable, deliveryIds: readonly number[], state: 'done' | 'discarded'): Promise<void> {
  if (deliveryIds.length === 0) return;
  await tx.execute(`
    update intake.outcome o set state = $2, finished_at = intake.clock()
    where o.delivery_id = any ($1::bigint[]) and o.state in ('parked', 'failed') and not exists (select from intake.held h where h.delivery_id = o.delivery_id)`, [deliveryIds, state]);
}
