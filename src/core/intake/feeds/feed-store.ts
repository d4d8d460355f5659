import { Injectable } from '@nestjs/common';
import { Database, type Queryable } from '../../persistence/database.js';
import { MOST_PENDING, type FeedName } from './feed-leases.js';

/** Where a feed stands, as it is stored; times by the database's clock. */
export interface FeedRow {
  readonly name: string;
  readonly cursor: string | null;
  readonly cursorAt: Date | null;
  readonly dueAt: Date | null;
  readonly polling: boolean;
  readonly heldBack: boolean;
  readonly paused: boolean;
  readonly everySeconds: number | null;
  readonly failures: number;
  readonly failingSince: Date | null;
  readonly refused: boolean;
  readonly lastErrorCode: string | null;
  readonly lastError: string | null;
  readonly lastErrorAt: Date | null;
  readonly polls: number;
  readonly freshRecords: number;
  readonly repeatedRecords: number;
  readonly lastPolledAt: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly caughtUpAt: Date | null;
  readonly lagSeconds: number | null;
  readonly pageRecords: number | null;
  readonly pageLastRecord: string | null;
  readonly pageMore: boolean | null;
}

export interface SavedCursorRow {
  readonly id: number;
  readonly cursor: string;
  readonly savedAt: Date;
}

/** What the metrics tell of a connection's feed. */
export interface FeedHealth {
  readonly sourceId: number;
  readonly name: string;
  readonly paused: boolean;
  readonly failures: number;
  /** Of a feed that has never had everything: since it began to be read. */
  readonly lagSeconds: number;
}

const ROW = `name, cursor, cursor_at as "cursorAt", nullif(due_at, '-infinity') as "dueAt", claimed_until > intake.clock() as polling, paused, every_seconds as "everySeconds",
  due_at <= intake.clock() and not paused and intake.is_crowded(source_id, ${MOST_PENDING}) as "heldBack",
  failures, failing_since as "failingSince", refused, last_error_code as "lastErrorCode", last_error as "lastError", last_error_at as "lastErrorAt",
  polls, fresh_records as "freshRecords", repeated_records as "repeatedRecords", last_polled_at as "lastPolledAt", last_success_at as "lastSuccessAt",
  caught_up_at as "caughtUpAt", extract(epoch from intake.clock() - caught_up_at)::float8 as "lagSeconds",
  page_records as "pageRecords", page_last_record as "pageLastRecord", page_more as "pageMore"`;

/** What a person sees of feeds and changes in them. */
@Injectable()
export class FeedStore {
  constructor(private readonly database: Database) {}

  rows(sourceId: number): Promise<FeedRow[]> {
    return this.database.query<FeedRow>(`select ${ROW} from intake.feed where source_id = $1`, [sourceId]);
  }

  /** Of every connection. */
  everywhere(): Promise<(FeedRow & { readonly sourceId: number })[]> {
    return this.database.query(`select source_id as "sourceId", ${ROW} from intake.feed`);
  }

  health(): Promise<FeedHealth[]> {
    return this.database.query<FeedHealth>(`
      select source_id as "sourceId", name, paused, failures, extract(epoch from intake.clock() - coalesce(caught_up_at, began_at))::float8 as "lagSeconds" from intake.feed`);
  }

  /** Newest first. */
  savedCursors({ sourceId, name }: FeedName, before: number, limit: number): Promise<SavedCursorRow[]> {
    return this.database.query<SavedCursorRow>(`
      select id, cursor, saved_at as "savedAt" from intake.feed_cursor where source_id = $1 and name = $2 and id < $3 order by id desc limit $4`, [sourceId, name, before, limit]);
  }

  /** The newest that was saved at the moment named or before it. */
  async savedAsOf({ sourceId, name }: FeedName, moment: Date): Promise<SavedCursorRow | undefined> {
    const [row] = await this.database.query<SavedCursorRow>(`
      select id, cursor, saved_at as "savedAt" from intake.feed_cursor where source_id = $1 and name = $2 and saved_at <= $3 order by saved_at desc, id desc limit 1`, [sourceId, name, moment]);
    return row;
  }

  async savedCursor({ sourceId, name }: FeedName, id: number): Promise<SavedCursorRow | undefined> {
    const [row] = await this.database.query<SavedCursorRow>('select id, cursor, saved_at as "savedAt" from intake.feed_cursor where source_id = $1 and name = $2 and id = $3', [sourceId, name, id]);
    return row;
  }

  /** Due now; one that is being polled is polled once more. @returns false when it is paused. */
  ask(feed: FeedName): Promise<boolean> {
    return this.change(feed, async (tx, key) => (await tx.execute('update intake.feed set asked = true, due_at = least(due_at, intake.clock()) where source_id = $1 and name = $2 and not paused', key)) > 0);
  }

  setPaused(feed: FeedName, paused: boolean): Promise<void> {
    return this.change(feed, async (tx, key) => {
      await tx.execute('update intake.feed set paused = $3, due_at = case when $3 then due_at else least(due_at, intake.clock()) end where source_id = $1 and name = $2 and paused <> $3', [...key, paused]);
    });
  }

  /** Null gives back the manifest's pace. The next turn comes no later than one new pace from now. */
  setPace(feed: FeedName, everySeconds: number | null, effectiveSeconds: number): Promise<void> {
    return this.change(feed, async (tx, key) => {
      await tx.execute(`
        update intake.feed set every_seconds = $3, due_at = case when failures > 0 then due_at else least(due_at, intake.clock() + make_interval(secs => $4)) end
        where source_id = $1 and name = $2`, [...key, everySeconds, effectiveSeconds]);
    });
  }

  reset(feed: FeedName, cursor: string | null): Promise<void> {
    return this.change(feed, async (tx, key) => {
      await tx.execute('select intake.reset_feed($1, $2, $3)', [...key, cursor]);
      await tx.execute('update intake.feed set began_at = intake.clock() where source_id = $1 and name = $2', key);
    });
  }

  /** One transaction a request, so that a repeated one (a second reset, say) has no second effect. A feed of a connection that was never switched on has no row yet. */
  private change<T>({ sourceId, name }: FeedName, work: (tx: Queryable, key: readonly unknown[]) => Promise<T>): Promise<T> {
    const key = [sourceId, name];
    return this.database.once(async (tx) => {
      await tx.execute('insert into intake.feed (source_id, name) values ($1, $2) on conflict do nothing', key);
      return work(tx, key);
    });
  }
}
