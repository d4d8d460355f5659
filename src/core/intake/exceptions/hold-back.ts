import type { CanonicalEvent } from '@crossdock/connector-sdk';
import type { Queryable } from '../../persistence/database.js';

/** Why something could not be applied. One (source, class, cause) is one exception, however often it is seen. */
export interface Cause {
  /** A code of the error list, `UNMAPPED_ITEM`, `UNMAPPED_LOCATION` or `UNREADABLE`. */
  readonly class: string;
  readonly cause: string;
  readonly detail: string;
  /** What would end it, as `waitKey` names it. Empty where only a person can say. */
  readonly waitsFor: readonly string[];
}

/** One event (or, event null, one whole delivery) that is kept until its causes are gone. */
export interface Holding {
  readonly sourceId: number;
  /** Its identity within the source: the same fact is held once. */
  readonly key: string;
  readonly deliveryId: number;
  readonly event: CanonicalEvent | null;
  readonly correlationId: string;
  readonly causes: readonly Cause[];
}

/** An exception that waits for a person keeps the first so many events; beyond them it only counts. The inbox has the deliveries. */
const MOST_HELD_FOR_A_PERSON = 1_000;

interface ExceptionRow {
  readonly id: number;
  readonly source_id: number;
  readonly class: string;
  readonly cause: string;
  readonly automatic: boolean;
  readonly held: number;
}

export const deliveryKey = (deliveryId: number): string => `delivery ${deliveryId}`;

export function eventKey(event: CanonicalEvent): string {
  return event.kind === 'StockMoved' ? `moved ${event.eventId}\n${event.line}` : `observed ${event.eventId}\n${event.item.type} ${event.item.id}\n${event.location.type} ${event.location.id}`;
}

/** Raises or counts the exceptions and keeps what they hold back. Part of the transaction that takes the delivery from the queue. */
export async function holdBack(tx: Queryable, holdings: readonly Holding[]): Promise<void> {
  if (holdings.length === 0) return;
  const exceptions = await raise(tx, holdings);
  const kept = holdings.filter((holding) => holding.event === null || holding.causes.some((cause) => hasRoom(exceptions.get(identity(holding.sourceId, cause)))));
  if (kept.length === 0) return;
  const links = kept.flatMap((holding) => holding.causes.map((cause) => ({ holding, exceptionId: exceptions.get(identity(holding.sourceId, cause))?.id })));
  await tx.query(`
    with given as materialized (
      select distinct on (source_id, key) * from unnest($1::integer[], $2::text[], $3::bigint[], $4::text[], $5::text[]) as g (source_id, key, delivery_id, event, correlation_id)
    ), kept as (
      insert into intake.held (source_id, key, delivery_id, event, correlation_id, held_at)
      select source_id, key, delivery_id, event::jsonb, correlation_id, intake.clock() from given order by source_id, key
      on conflict (source_id, key) do nothing returning id, source_id, key
    ), linked as (
      insert into intake.held_by (exception_id, held_id)
      select distinct l.exception_id, k.id from unnest($6::integer[], $7::text[], $8::bigint[]) as l (source_id, key, exception_id)
      join kept k on k.source_id = l.source_id and k.key = l.key
      returning exception_id
    )
    update intake.exception e set held = e.held + c.count from (select exception_id, count(*) as count from linked group by 1) c where e.id = c.exception_id`, [
    kept.map(({ sourceId }) => sourceId), kept.map(({ key }) => key), kept.map(({ deliveryId }) => deliveryId),
    kept.map(({ event }) => (event ? JSON.stringify(event) : null)), kept.map(({ correlationId }) => correlationId),
    links.map(({ holding }) => holding.sourceId), links.map(({ holding }) => holding.key), links.map(({ exceptionId }) => exceptionId),
  ]);
}

async function raise(tx: Queryable, holdings: readonly Holding[]): Promise<Map<string, ExceptionRow>> {
  const causes = new Map<string, Cause & { sourceId: number; count: number }>();
  for (const { sourceId, causes: ofOne } of holdings) {
    for (const cause of ofOne) {
      const id = identity(sourceId, cause);
      const known = causes.get(id);
      if (known) known.count += 1;
      else causes.set(id, { ...cause, sourceId, count: 1 });
    }
  }
  // In one order everywhere, so that two workers that raise the same exceptions wait for each other and never deadlock.
  const rows = [...causes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, cause]) => cause);
  const stored = await tx.query<ExceptionRow>(`
    insert into intake.exception as e (source_id, class, cause, detail, state, automatic, waits_for, seen, first_at, last_at)
    select g.source_id, g.class, g.cause, g.detail, 'open', jsonb_array_length(g.waits_for::jsonb) > 0, array(select jsonb_array_elements_text(g.waits_for::jsonb)), g.seen, intake.clock(), intake.clock()
    from unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[]) with ordinality as g (source_id, class, cause, detail, waits_for, seen, position) order by position
    on conflict (source_id, class, cause) do update
      set seen = e.seen + excluded.seen, last_at = excluded.last_at, detail = excluded.detail, waits_for = excluded.waits_for, state = 'open'
    returning id, source_id, class, cause, automatic, held`, [
    rows.map(({ sourceId }) => sourceId), rows.map((row) => row.class), rows.map(({ cause }) => cause), rows.map(({ detail }) => detail),
    rows.map(({ waitsFor }) => JSON.stringify(waitsFor)), rows.map(({ count }) => count),
  ]);
  return new Map(stored.map((row) => [identity(row.source_id, row), row]));
}

function hasRoom(exception: ExceptionRow | undefined): boolean {
  return exception !== undefined && (exception.automatic || exception.held < MOST_HELD_FOR_A_PERSON);
}

function identity(sourceId: number, cause: { readonly class: string; readonly cause: string }): string {
  return `${sourceId}\n${cause.class}\n${cause.cause}`;
}
