import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../../persistence/database.js';
import { numberArray, textArray } from '../../persistence/sql-array.js';
import { acceptArguments, type Arrival } from '../inbox.js';
import { columns } from '../lanes.js';

/** A feed of a connection, by the names under which its state is kept. */
export interface FeedName {
  readonly sourceId: number;
  readonly name: string;
}

/** A feed lent to this process until the lease ends. `fence` proves the loan. */
export interface FeedClaim extends FeedName {
  readonly cursor: string | null;
  readonly fence: number;
  readonly failures: number;
  readonly pauseMs: number;
  /** An administrator's pace; null where the manifest's holds. */
  readonly everySeconds: number | null;
}

/** A page on its way into the inbox. */
export interface KeptPage {
  readonly arrivals: readonly Arrival[];
  readonly nextCursor: string;
  readonly hasMore: boolean;
  /** Whether the poller wants to go on where there is more. */
  readonly stay: boolean;
  /** When the feed is due again where there is nothing more. */
  readonly paceMs: number;
  /** How long ago the page was asked for: what it says of the outside system is as old. */
  readonly tookMs: number;
  readonly lastRecordId: string | null;
}

export type Keeping =
  | { readonly kind: 'kept'; readonly fresh: number; /** The feed is still lent, for its next page. */ readonly goesOn: boolean }
  /** Another holds the feed, or it was reset: nothing was stored. */
  | { readonly kind: 'lost' };

export interface PollFailure {
  readonly pauseMs: number;
  readonly code: string;
  readonly error: string;
  /** Only a person can mend it. */
  readonly refused: boolean;
}

/** A poller that stalls for longer loses its feeds to another; one that is killed delays them by as much. */
const LEASE = '10 seconds';
export const RENEW_FEEDS_EVERY_MS = 3_000;
/** While so many deliveries of a connection wait in the inbox, no page is asked for. */
export const MOST_PENDING = 2_000;
/** How soon a feed is looked at again that is due and could not be taken. */
const HELD_BACK_MS = 500;

/** The SQL of polling: whose turn a feed is, and what a turn brought. Leases and turns go by the database's clock. */
@Injectable()
export class FeedLeases {
  private readonly worker = randomUUID();

  constructor(private readonly database: Database) {}

  /** Makes the rows of feeds that have none; a new feed is due at once. */
  async ensure(feeds: readonly FeedName[]): Promise<void> {
    await this.database.execute('insert into intake.feed (source_id, name) select * from unnest($1::integer[], $2::text[]) on conflict do nothing', columns(feeds, 'sourceId', 'name'));
  }

  /** Lends those of `feeds` that are due and that nobody polls, the longest due first. */
  claim(feeds: readonly FeedName[], most: number): Promise<FeedClaim[]> {
    return this.database.query<FeedClaim>(`
      select source_id as "sourceId", name, cursor, fence, failures, pause_ms as "pauseMs", every_seconds as "everySeconds"
      from intake.claim_feeds($1, $2, $3, $4, $5, $6)`, [this.worker, ...named(feeds), most, MOST_PENDING, LEASE]);
  }

  /** In how many ms the next of `feeds` may be polled; undefined when none of them waits for its turn. */
  async nextDueMs(feeds: readonly FeedName[]): Promise<number | undefined> {
    const [row] = await this.database.query<{ ms: number | null }>(`
      select (extract(epoch from min(f.due_at) - intake.clock()) * 1000)::float8 as ms
      from unnest($1::integer[], $2::text[]) as w (source_id, name) join intake.feed f on f.source_id = w.source_id and f.name = w.name
      where not f.paused and f.claimed_until <= intake.clock()`, named(feeds));
    return row?.ms === null || row === undefined ? undefined : Math.max(row.ms, HELD_BACK_MS);
  }

  /** Keeps feeds that are still being polled, and answers which; one that was lost, reset or given back stays so. */
  renew(claims: readonly FeedClaim[]): Promise<FeedName[]> {
    return this.database.query<FeedName>(`
      update intake.feed f set claimed_until = intake.clock() + interval '${LEASE}'
      from unnest($1::integer[], $2::text[], $3::bigint[]) as mine (source_id, name, fence)
      where f.source_id = mine.source_id and f.name = mine.name and f.fence = mine.fence and f.claimed_until > intake.clock()
      returning f.source_id as "sourceId", f.name`, columns(claims, 'sourceId', 'name', 'fence'));
  }

  /** Stores a page's records and moves the cursor past them, or does neither. Resolves after the commit. */
  async keep({ sourceId, name, fence }: FeedClaim, page: KeptPage): Promise<Keeping> {
    const { nextCursor, hasMore, stay, paceMs, tookMs, lastRecordId, arrivals } = page;
    const [row] = await this.database.query<{ fresh: number; goesOn: boolean }>(`
      select fresh, goes_on as "goesOn" from intake.keep_page($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
    [sourceId, name, fence, nextCursor, hasMore, stay, paceMs, tookMs, lastRecordId, MOST_PENDING, LEASE, ...acceptArguments(arrivals)]);
    return row ? { kind: 'kept', ...row } : { kind: 'lost' };
  }

  /** Gives a feed back that could not be polled. Harmless when it was lost meanwhile. */
  async fail({ sourceId, name, fence }: FeedClaim, { pauseMs, code, error, refused }: PollFailure): Promise<void> {
    await this.database.execute('select intake.fail_feed($1, $2, $3, $4, $5, $6, $7)', [sourceId, name, fence, pauseMs, code, error, refused]);
  }

  /** Gives feeds back as they are, for the next who asks; what this process still has under way for them is refused. */
  async abandon(claims: readonly FeedClaim[]): Promise<void> {
    await this.database.execute(`
      update intake.feed f set claimed_until = '-infinity', fence = f.fence + 1
      from unnest($1::integer[], $2::text[], $3::bigint[]) as mine (source_id, name, fence)
      where f.source_id = mine.source_id and f.name = mine.name and f.fence = mine.fence`, columns(claims, 'sourceId', 'name', 'fence'));
  }

  /** Ends the pauses of a connection's failing feeds, also of those that are just being polled as the connection was. */
  async hurry(sourceId: number): Promise<void> {
    await this.database.execute(`
      update intake.feed set asked = true, due_at = least(due_at, intake.clock())
      where source_id = $1 and (failures > 0 or claimed_until > intake.clock())`, [sourceId]);
  }
}

function named(feeds: readonly FeedName[]): [string, string] {
  return [numberArray(feeds.map(({ sourceId }) => sourceId)), textArray(feeds.map(({ name }) => name))];
}
