import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How publishing to a channel as a whole stands: paused by a person, resting after failures, telling everything anew. A
 * channel without a row runs. Rows of `inventory.dirty` that a resync made have the urgency 3, behind every change.
 */
export class ChannelPublications1700000020000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table inventory.publication (
      channel_id integer primary key,
      state text collate "C" not null default 'running' check (state in ('running', 'paused')),
      state_reason text,
      state_since timestamptz not null default clock_timestamp(),
      failures integer not null default 0,
      pause_ms integer not null default 0,
      not_before timestamptz not null default '-infinity',
      last_error text,
      failing_since timestamptz,
      resync_state text collate "C" check (resync_state in ('running', 'finished', 'stopped')),
      resync_requested_at timestamptz,
      resync_ended_at timestamptz,
      resync_total bigint not null default 0,
      resync_marked bigint not null default 0,
      -- Items up to this one are marked.
      resync_cursor integer not null default -1
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table inventory.publication');
  }
}
