import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which webhooks a connection's outside system is to send, and what became of each topic when that was last looked at. */
export class WebhookSubscriptions1700000014500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table intake.subscription_plan (
        source_id integer primary key,
        topics text[] not null,
        due_at timestamptz not null default now(),
        fence bigint not null default 0,
        claimed_until timestamptz not null default '-infinity',
        failures integer not null default 0,
        last_error text,
        checked_at timestamptz
      )`);
    await runner.query(`
      create table intake.subscription (
        source_id integer not null references intake.subscription_plan on delete cascade,
        topic text collate "C" not null,
        state text collate "C" not null check (state in ('created', 'kept', 'repaired', 'rejected')),
        code text,
        detail text,
        checked_at timestamptz not null,
        primary key (source_id, topic)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['subscription', 'subscription_plan']) await runner.query(`drop table intake.${table}`);
  }
}
