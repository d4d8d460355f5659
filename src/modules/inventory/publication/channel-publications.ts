import { Injectable } from '@nestjs/common';
import { Database } from '../../../core/persistence/database.js';

/** A channel that has something to be told, and the connection that tells it. */
export interface WaitingChannel {
  readonly channel: number;
  readonly connection: number;
}

/** What a publisher has to know of a channel before each batch. */
export interface ChannelTurn {
  /** Paused by a person, or left alone for a while after failures. */
  readonly rests: boolean;
  /** How often in a row nothing could be told. */
  readonly failures: number;
  readonly pauseMs: number;
  readonly resyncs: boolean;
}

const RUNS: ChannelTurn = { rests: false, failures: 0, pauseMs: 0, resyncs: false };

/** How publishing to each channel as a whole stands. A channel that nobody ever touched has no row, and runs. */
@Injectable()
export class ChannelPublications {
  constructor(private readonly database: Database) {}

  /** Channels that have something to be told and do not rest. */
  waiting(): Promise<WaitingChannel[]> {
    return this.database.query(`
      select r.channel_id as channel, r.connection_id as connection
        from inventory.channel_rule r left join inventory.publication p on p.channel_id = r.channel_id
       where r.connection_id is not null and coalesce(p.state = 'running' and p.not_before <= clock_timestamp(), true) and (p.resync_state = 'running' or exists (
         select from inventory.dirty d where d.channel_id = r.channel_id
            and (d.claim is null or d.claimed_until < clock_timestamp()) and (d.not_before is null or d.not_before <= clock_timestamp())))`);
  }

  async turn(channel: number): Promise<ChannelTurn> {
    const [turn] = await this.database.query<ChannelTurn>(
      `select state = 'paused' or not_before > clock_timestamp() as rests, failures, pause_ms as "pauseMs", coalesce(resync_state = 'running', false) as resyncs
         from inventory.publication where channel_id = $1`,
      [channel],
    );
    return turn ?? RUNS;
  }

  /** Repeating it changes nothing but the reason. */
  async pause(channel: number, reason: string | null): Promise<void> {
    await this.database.execute(
      `insert into inventory.publication as p (channel_id, state, state_reason) values ($1, 'paused', $2)
           on conflict (channel_id) do update set state = 'paused', state_reason = $2, state_since = case when p.state = 'paused' then p.state_since else clock_timestamp() end`,
      [channel, reason],
    );
  }

  /** Ends a rest after failures as well: whatever waits is told now. */
  async resume(channel: number): Promise<void> {
    await this.database.execute(
      `update inventory.publication set state = 'running', state_reason = null, state_since = case when state = 'running' then state_since else clock_timestamp() end, not_before = '-infinity'
        where channel_id = $1`,
      [channel],
    );
    await this.hurry('d.channel_id = $1', channel);
  }

  /** The connection has changed: whatever its channel rested for may be over. */
  async connectionChanged(connection: number): Promise<void> {
    const its = '(select r.channel_id from inventory.channel_rule r where r.connection_id = $1)';
    await this.database.execute(`update inventory.publication set not_before = '-infinity' where channel_id = any ${its} and not_before > clock_timestamp()`, [connection]);
    await this.hurry(`d.channel_id = any ${its}`, connection);
  }

  /** Nothing of a batch could be told: the channel is left alone for a while, instead of being asked with the next batch at once. */
  async setBack(channel: number, waitMs: number, note: string): Promise<void> {
    await this.database.execute(
      `insert into inventory.publication as p (channel_id, failures, pause_ms, not_before, last_error, failing_since)
       values ($1, 1, $2::int, clock_timestamp() + make_interval(secs => $2::int / 1000.0), $3, clock_timestamp())
           on conflict (channel_id) do update set failures = p.failures + 1, pause_ms = excluded.pause_ms, not_before = excluded.not_before, last_error = excluded.last_error,
              failing_since = coalesce(p.failing_since, excluded.failing_since)`,
      [channel, Math.round(waitMs), note],
    );
  }

  /** It was told something again: what was put off meanwhile need not wait any longer. */
  async recovered(channel: number): Promise<void> {
    await this.database.execute(`update inventory.publication set failures = 0, pause_ms = 0, not_before = '-infinity', last_error = null, failing_since = null where channel_id = $1`, [channel]);
    await this.hurry('d.channel_id = $1', channel);
  }

  /** Rows that a writer holds are left as they are: waiting for them in another order than he takes them in could go in a circle. */
  private async hurry(which: string, parameter: number): Promise<void> {
    await this.database.execute(
      `update inventory.dirty x set not_before = null
         from (select d.channel_id, d.item_id from inventory.dirty d where ${which} and d.not_before > clock_timestamp() for update skip locked) h
        where x.channel_id = h.channel_id and x.item_id = h.item_id`,
      [parameter],
    );
  }
}
