import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Writes of the admin side that are under way. A row is taken away by the statement that writes its entry into the log; one
 * that stays behind is of a process that was killed in between, and becomes an entry that says so.
 */
export class AuditBegun1700000021000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function audit.settle_forgotten(interval)');
    await runner.query('drop function audit.conclude(bigint, jsonb)');
    await runner.query('drop table audit.begun');
    await runner.query('drop function audit.clock()');
  }
}

const STATEMENTS = [
  `create function audit.clock() returns timestamptz language sql volatile as $$
    select clock_timestamp() + coalesce(nullif(current_setting('crossdock.clock_shift', true), ''), '0')::interval $$`,
  `create table audit.begun (
    id bigint primary key generated always as identity,
    content jsonb not null,
    begun_at timestamptz not null default audit.clock()
  )`,
  `create function audit.conclude(p_begun bigint, p_content jsonb) returns bigint language plpgsql as $$
  begin
    delete from audit.begun where id = p_begun;
    return audit.append(p_content);
  end $$`,
  // A write that ends later after all is recorded then with its true outcome, as one entry more.
  `create function audit.settle_forgotten(p_after interval) returns bigint language sql as $$
    with forgotten as (
      delete from audit.begun b using (select id from audit.begun where begun_at < audit.clock() - p_after order by id for update skip locked) f where b.id = f.id returning b.id, b.content
    ), written as materialized (
      select audit.append(o.content || '{"status": null}') from (select content from forgotten order by id) o
    )
    select count(*) from written $$`,
];
