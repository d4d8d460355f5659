import { Injectable } from '@nestjs/common';
import type { MappedEntity } from '../../mapping/reference.js';
import { Database, type Queryable } from '../../persistence/database.js';
import type { OutsideEntry } from '../outside-entry.js';
import type { Survey, SurveyClaim } from './survey.js';

/** A worker that stalls for longer loses its survey to another; a page has 60 seconds. */
const LEASE = '90 seconds';
/** What is listed outside changes slowly; an administrator can ask at any time. */
const AGAIN_AFTER = '1 day';

/** The SQL of surveys. Leases and pauses go by the database's clock. */
@Injectable()
export class SurveyStore {
  constructor(private readonly database: Database) {}

  /** Makes sure that each pair has a survey; a new one is due at once. */
  async expect(pairs: readonly { readonly sourceId: number; readonly entity: MappedEntity }[]): Promise<void> {
    if (pairs.length === 0) return;
    await this.database.execute(
      'insert into mapping.survey (source_id, entity) select * from unnest($1::integer[], $2::text[]) on conflict do nothing',
      [pairs.map(({ sourceId }) => sourceId), pairs.map(({ entity }) => entity)],
    );
  }

  /** Begins surveys anew, from the first page, however far they were. */
  async begin(sourceId: number, entities: readonly MappedEntity[]): Promise<void> {
    await this.database.execute(
      `insert into mapping.survey as s (source_id, entity) select $1, unnest($2::text[])
       on conflict (source_id, entity) do update
         set state = 'waiting', cursor = null, due_at = now(), failures = 0, last_error = null, fence = s.fence + 1, claimed_until = '-infinity'`,
      [sourceId, entities],
    );
  }

  /** Stops surveys that are not at their end; what they saw stays. */
  async cancel(sourceId: number): Promise<number> {
    return this.database.execute(
      `update mapping.survey set state = 'cancelled', finished_at = clock_timestamp(), fence = fence + 1, due_at = clock_timestamp() + interval '${AGAIN_AFTER}'
        where source_id = $1 and state in ('waiting', 'running')`,
      [sourceId],
    );
  }

  /** What waits after a failure goes on at once: what it waited for may be there now. */
  async hurry(sourceId: number): Promise<void> {
    await this.database.execute(`update mapping.survey set due_at = now() where source_id = $1 and failures > 0 and state in ('waiting', 'running')`, [sourceId]);
  }

  list(sourceId: number): Promise<Survey[]> {
    return this.database.query<Survey>(
      `select entity, state, pages, entries, started_at as "startedAt", finished_at as "finishedAt", due_at as "dueAt", failures, last_error as "lastError", completed > 0 as complete
         from mapping.survey where source_id = $1 order by entity`,
      [sourceId],
    );
  }

  /** Lends the survey that is due longest. One that was done, or given up, begins anew under the next number. */
  async claim(sources: readonly number[]): Promise<SurveyClaim | undefined> {
    const [claim] = await this.database.query<SurveyClaim>(
      `update mapping.survey s set
         number = case when begins then s.number + 1 else s.number end, cursor = case when begins then null else s.cursor end,
         pages = case when begins then 0 else s.pages end, entries = case when begins then 0 else s.entries end,
         started_at = case when begins then clock_timestamp() else s.started_at end, finished_at = null,
         state = 'running', fence = s.fence + 1, claimed_until = clock_timestamp() + interval '${LEASE}'
       from (select source_id, entity, state <> 'running' as begins from mapping.survey
              where source_id = any ($1::integer[]) and due_at <= clock_timestamp() and claimed_until <= clock_timestamp()
              order by due_at, source_id, entity limit 1 for update skip locked) due
       where s.source_id = due.source_id and s.entity = due.entity
       returning s.source_id as "sourceId", s.entity, s.number, s.cursor, s.fence`,
      [sources],
    );
    return claim;
  }

  /**
   * Stores a page and where the next one begins, in one transaction. @returns the claim for the next page; undefined after
   * the last one, and when the survey was lost to another worker or cancelled: then nothing is stored.
   */
  keep(claim: SurveyClaim, entries: readonly OutsideEntry[], nextCursor: string | null): Promise<SurveyClaim | undefined> {
    return this.database.transaction(async (tx) => {
      const [ours] = await tx.query(
        `update mapping.survey set cursor = $4, pages = pages + 1, entries = entries + $5, failures = 0, last_error = null,
           state = case when $4::text is null then 'done' else state end, completed = case when $4::text is null then number else completed end,
           finished_at = case when $4::text is null then clock_timestamp() end, due_at = case when $4::text is null then clock_timestamp() + interval '${AGAIN_AFTER}' else due_at end,
           claimed_until = case when $4::text is null then '-infinity' else clock_timestamp() + interval '${LEASE}' end
         where source_id = $1 and entity = $2 and fence = $3 returning 1`,
        [claim.sourceId, claim.entity, claim.fence, nextCursor, entries.length],
      );
      if (!ours) return undefined;
      await write(tx, claim, entries);
      return nextCursor === null ? undefined : { ...claim, cursor: nextCursor };
    });
  }

  /** Gives a survey back after a failure: it goes on where it stands, later each time (half a minute to an hour, with jitter). */
  async fail(claim: SurveyClaim, error: string, retryAfterSeconds: number): Promise<void> {
    await this.database.execute(
      `update mapping.survey set failures = failures + 1, last_error = $4, claimed_until = '-infinity',
         due_at = clock_timestamp() + greatest($5, least(3600, 30 * power(2, least(failures, 10))) * (0.75 + random() / 4)) * interval '1 second'
       where source_id = $1 and entity = $2 and fence = $3`,
      [claim.sourceId, claim.entity, claim.fence, error, retryAfterSeconds],
    );
  }
}

/** An entry that two pages hold (the list moved meanwhile) is written by both; within one page the last one counts. */
async function write(tx: Queryable, { sourceId, number }: SurveyClaim, entries: readonly OutsideEntry[]): Promise<void> {
  const once = [...new Map(entries.map((entry) => [`${entry.type}\n${entry.externalId}`, entry])).values()];
  await tx.execute(
    `insert into mapping.outside_entry as e (source_id, entity, ref_type, external_id, name, sku, code, gtins, unit, kind, active, survey)
     select $1, entity, type, "externalId", name, sku, code, gtins, unit, kind, active, $2
       from jsonb_to_recordset($3::jsonb) as w (entity text, type text, "externalId" text, name text, sku text, code text, gtins text[], unit text, kind text, active boolean)
      order by entity, type collate "C", "externalId" collate "C"
     on conflict (source_id, entity, ref_type, external_id) do update
       set name = excluded.name, sku = excluded.sku, code = excluded.code, gtins = excluded.gtins, unit = excluded.unit, kind = excluded.kind,
           active = excluded.active, survey = excluded.survey, last_seen_at = now()`,
    [sourceId, number, JSON.stringify(once)],
  );
}
