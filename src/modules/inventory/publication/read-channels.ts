import { Injectable } from '@nestjs/common';
import { Database } from '../../../core/persistence/database.js';

export interface ChannelPublication {
  readonly state: 'running' | 'paused';
  /** Why it was paused, in the words of whoever did; and since when the state is as it is. */
  readonly reason: string | null;
  readonly since: Date | null;
  readonly figures: { readonly all: number; readonly waiting: number; readonly inFlight: number; readonly refused: number };
  readonly oldestSeconds: number;
  readonly lastToldAt: Date | null;
  /** What stands in the way of the whole channel, and when it is tried again; null while all is well. */
  readonly trouble: { readonly detail: string; readonly since: Date; readonly failures: number; readonly nextTryAt: Date } | null;
  readonly resync: Resync | null;
}

export interface Resync {
  readonly state: 'running' | 'finished' | 'stopped';
  readonly requestedAt: Date;
  readonly endedAt: Date | null;
  readonly total: number;
  readonly done: number;
}

interface Row {
  channel: number;
  state: ChannelPublication['state'] | null;
  reason: string | null;
  since: Date | null;
  failures: number | null;
  notBefore: Date | null;
  lastError: string | null;
  failingSince: Date | null;
  resyncState: Resync['state'] | null;
  requestedAt: Date | null;
  endedAt: Date | null;
  total: number | null;
  marked: number | null;
  all: number;
  refused: number;
  lastToldAt: Date | null;
  waiting: number;
  inFlight: number;
  marks: number;
  oldestSeconds: number | null;
}

/** A channel that was resumed, or whose connection was mended, is tried at once: its row says so by -infinity, which is no moment to show. */
const NEXT_TRY = 'case when isfinite(p.not_before) then p.not_before else clock_timestamp() end';

/** How publishing to each channel stands, as a person wants to know it. */
@Injectable()
export class ReadChannels {
  constructor(private readonly database: Database) {}

  /** By channel number, of those among `channels` that are published to. */
  async publications(channels: readonly number[]): Promise<Map<number, ChannelPublication>> {
    const rows = await this.database.query<Row>(
      `select r.channel_id as channel, p.state, p.state_reason as reason, p.state_since as since, p.failures, ${NEXT_TRY} as "notBefore", p.last_error as "lastError", p.failing_since as "failingSince",
              p.resync_state as "resyncState", p.resync_requested_at as "requestedAt", p.resync_ended_at as "endedAt", p.resync_total as total, p.resync_marked as marked,
              a."all", a.refused, a.told as "lastToldAt", d.waiting, d.flying as "inFlight", d.marks, d.oldest as "oldestSeconds"
         from inventory.channel_rule r left join inventory.publication p on p.channel_id = r.channel_id
         left join lateral (select count(*) as "all", count(a.fault) as refused, max(a.published_at) as told from inventory.availability a where a.channel_id = r.channel_id) a on true
         left join lateral (select count(*) as waiting, count(*) filter (where d.claimed_until > clock_timestamp()) as flying, count(*) filter (where d.urgency = 3) as marks,
                                   extract(epoch from clock_timestamp() - min(d.since))::float8 as oldest from inventory.dirty d where d.channel_id = r.channel_id) d on true
        where r.channel_id = any ($1::int[]) and r.connection_id is not null`,
      [channels],
    );
    return new Map(rows.map((row) => [row.channel, viewOf(row)]));
  }
}

function viewOf(row: Row): ChannelPublication {
  const { state, reason, since, all, waiting, inFlight, refused, oldestSeconds, lastToldAt, failures, failingSince, lastError, notBefore } = row;
  return {
    state: state ?? 'running', reason, since, figures: { all, waiting, inFlight, refused }, oldestSeconds: Math.max(0, oldestSeconds ?? 0), lastToldAt,
    trouble: failures && failingSince && notBefore ? { detail: lastError ?? '', since: failingSince, failures, nextTryAt: notBefore } : null,
    resync: resyncOf(row),
  };
}

function resyncOf({ resyncState, requestedAt, endedAt, total, marked, marks }: Row): Resync | null {
  if (!resyncState || !requestedAt) return null;
  const done = Math.max(0, (marked ?? 0) - (resyncState === 'finished' ? 0 : marks));
  // Items that came while it ran are told as well.
  return { state: resyncState, requestedAt, endedAt, total: Math.max(total ?? 0, marked ?? 0), done };
}
