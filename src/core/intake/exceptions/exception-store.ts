import { Injectable } from '@nestjs/common';
import { Database } from '../../persistence/database.js';
import { seek, type ListOrder } from '../../http/paging/list-orders.js';
import type { ExceptionState } from './exception.dto.js';
import { letGo, settleDeliveries } from './parked-store.js';

export interface ExceptionRow {
  readonly id: number;
  readonly sourceId: number;
  readonly class: string;
  readonly cause: string;
  readonly detail: string;
  readonly state: ExceptionState;
  readonly automatic: boolean;
  readonly seen: number;
  readonly held: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

export interface HeldRow {
  readonly delivery: string;
  readonly event: Record<string, unknown> | null;
  readonly correlationId: string;
  readonly heldAt: Date;
}

export interface ExceptionFilter {
  readonly state: ExceptionState;
  readonly class: string | undefined;
  readonly sourceId: number | undefined;
  readonly limit: number;
  readonly order: ListOrder<readonly ['bigint']>;
}

const MOST_EXAMPLES = 20;
/** Discarding goes in steps, so that no transaction holds back a hundred thousand rows. */
const DISCARD_STEP = 5_000;
const COLUMNS = `id, source_id as "sourceId", class, cause, detail, state, automatic, seen, held, first_at as "firstAt", last_at as "lastAt"`;

/** What an admin sees of exceptions and can do about them. */
@Injectable()
export class ExceptionStore {
  constructor(private readonly database: Database) {}

  /** By id, that is by when a cause was first seen; either way along the index of states (migrations/1700000006000-intake.ts). */
  list({ state, class: ofClass, sourceId, limit, order }: ExceptionFilter): Promise<ExceptionRow[]> {
    const given: unknown[] = [state, ofClass ?? null, sourceId ?? null, limit];
    const { condition, orderBy } = seek(order, ['id'], (value) => `$${given.push(value)}`);
    return this.database.query<ExceptionRow>(`
      select ${COLUMNS} from intake.exception
      where state = $1 and ($2::text is null or class = $2) and ($3::integer is null or source_id = $3) and ${condition} order by ${orderBy} limit $4`, given);
  }

  async counts(state: ExceptionState, sourceId: number | undefined): Promise<Record<string, number>> {
    const rows = await this.database.query<{ class: string; count: number }>(
      'select class, count(*) as count from intake.exception where state = $1 and ($2::integer is null or source_id = $2) group by class order by class', [state, sourceId ?? null]);
    return Object.fromEntries(rows.map((row) => [row.class, row.count]));
  }

  async find(id: number): Promise<ExceptionRow | undefined> {
    const [row] = await this.database.query<ExceptionRow>(`select ${COLUMNS} from intake.exception where id = $1`, [id]);
    return row;
  }

  examples(id: number): Promise<HeldRow[]> {
    return this.database.query<HeldRow>(`
      select h.delivery_id::text as delivery, h.event, h.correlation_id as "correlationId", h.held_at as "heldAt"
      from intake.held_by b join intake.held h on h.id = b.held_id where b.exception_id = $1 order by b.held_id limit $2`, [id, MOST_EXAMPLES]);
  }

  /**
   * Marks what the exception holds to be tried again: events are replayed from here, whole deliveries go back into the
   * inbox. What is applied already is recognised by the ledger.
   */
  async retry(id: number): Promise<{ deliveries: number; events: number }> {
    return this.database.once(async (tx) => {
      const whole = await tx.query<{ id: number; delivery: number }>(`
        select h.id, h.delivery_id as delivery from intake.held_by b join intake.held h on h.id = b.held_id where b.exception_id = $1 and h.event is null`, [id]);
      await letGo(tx, whole.map((held) => held.id));
      await tx.execute(`
        insert into intake.pending (source_id, delivery_id) select source_id, id from intake.delivery where id = any ($1::bigint[]) on conflict do nothing`, [whole.map(({ delivery }) => delivery)]);
      const [left] = await tx.query<{ held: number }>('update intake.exception set due_at = case when held > 0 then intake.clock() end where id = $1 returning held', [id]);
      return { deliveries: whole.length, events: left?.held ?? 0 };
    });
  }

  /** Lets go of what the exception holds without applying it, and closes it. Repeating it discards nothing more. */
  async discard(id: number): Promise<number> {
    for (let discarded = 0; ;) {
      const step = await this.database.once(async (tx) => {
        const held = await tx.query<{ id: number }>('select held_id as id from intake.held_by where exception_id = $1 order by held_id limit $2', [id, DISCARD_STEP]);
        await settleDeliveries(tx, await letGo(tx, held.map((one) => one.id), 'discarded'), 'discarded');
        if (held.length < DISCARD_STEP) await tx.execute(`update intake.exception set state = 'discarded', due_at = null where id = $1 and held = 0`, [id]);
        return held.length;
      });
      discarded += step;
      if (step < DISCARD_STEP) return discarded;
    }
  }
}
