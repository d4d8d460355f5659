import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was done on the admin side, by whom: only added to, and chained by hashes, so that whatever is changed, taken out, moved or cut off is found. */
export class Audit1700000011300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create schema audit');
    // Its row is the lock by which entries of all replicas come one after the other, and where the next one is chained to.
    await runner.query('create table audit.head (only_one boolean primary key default true check (only_one), seq bigint not null, hash bytea not null)');
    await runner.query(`insert into audit.head (seq, hash) values (0, sha256('crossdock audit v1'))`);
    // Whatever is asked for is generated of the content, which alone is hashed: no column can say something else.
    await runner.query(`create table audit.entry (
      seq bigint primary key,
      content text not null,
      hash bytea not null,
      actor text not null generated always as (content::jsonb -> 'actor' ->> 'name') stored,
      action text not null generated always as (content::jsonb ->> 'action') stored,
      object text not null generated always as (content::jsonb ->> 'object') stored,
      at_ms bigint not null generated always as ((content::jsonb ->> 'atMs')::bigint) stored)`);
    await runner.query('create index entry_actor on audit.entry (actor, seq)');
    await runner.query('create index entry_object on audit.entry (object, seq)');
    await runner.query(`create function audit.refuse_change() returns trigger language plpgsql as $$
      begin
        raise exception 'the audit log is only added to' using errcode = '42501';
      end $$`);
    await runner.query('create trigger append_only before update or delete or truncate on audit.entry for each statement execute function audit.refuse_change()');
    await runner.query(APPEND);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop schema audit cascade');
  }
}

/** jsonb writes the same members always in the same order and form, so that the text which is hashed is canonical. */
const APPEND = `
create function audit.append(p_content jsonb) returns bigint language plpgsql as $$
declare
  h audit.head; v_content text; v_hash bytea;
begin
  select * into h from audit.head for update;
  v_content := (p_content || jsonb_build_object('seq', h.seq + 1, 'atMs', floor(extract(epoch from clock_timestamp()) * 1000)::bigint))::text;
  v_hash := sha256(h.hash || convert_to(v_content, 'UTF8'));
  insert into audit.entry (seq, content, hash) values (h.seq + 1, v_content, v_hash);
  update audit.head set seq = h.seq + 1, hash = v_hash;
  return h.seq + 1;
end $$`;
