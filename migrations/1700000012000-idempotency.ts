import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Requests that carry an Idempotency-Key: who works on each, the results of the transactions that it made, and its
 * answer. Results and answers are sealed, since some hold a secret that is shown once.
 */
export class Idempotency1700000012000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of ['create schema idempotency', CLOCK, REQUEST, 'create index request_expiry on idempotency.request (expires_at)', STEP, CLAIM, RELEASE]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop schema idempotency cascade');
  }
}

const CLOCK = `
create function idempotency.clock() returns timestamptz language sql volatile as $$
  select clock_timestamp() + coalesce(nullif(current_setting('crossdock.clock_shift', true), ''), '0')::interval
$$`;

/** `print` recognises the request (method, address, body) and tells nothing about it. `status` is null until it is answered. */
const REQUEST = `
create table idempotency.request (
  caller text collate "C" not null,
  key text collate "C" not null,
  print bytea not null,
  claim uuid not null unique,
  lease_until timestamptz not null,
  expires_at timestamptz not null,
  status smallint,
  content_type text,
  answer bytea,
  sealed_with text,
  primary key (caller, key)
)`;

/** Written by the transaction whose result it is: either both are there or none is. */
const STEP = `
create table idempotency.step (
  caller text collate "C" not null,
  key text collate "C" not null,
  step smallint not null,
  result bytea not null,
  sealed_with text not null,
  primary key (caller, key, step),
  foreign key (caller, key) references idempotency.request on delete cascade
)`;

/**
 * Answers who works on the request: `new` and `resumed` (somebody who has died began it) are the caller's own claim;
 * `in_flight`, `answered` and `reused` (another request had the key) are not. The claim alone need not reach the disk
 * before the work begins: the write-ahead log is in order, so no effect is kept without it.
 */
const CLAIM = `
create function idempotency.claim(p_caller text, p_key text, p_print bytea, p_claim uuid, p_lease interval, p_keep interval,
  out outcome text, out status smallint, out content_type text, out answer bytea, out sealed_with text) language plpgsql as $$
declare
  v idempotency.request; v_now timestamptz := idempotency.clock();
begin
  perform set_config('synchronous_commit', 'off', true);
  insert into idempotency.request (caller, key, print, claim, lease_until, expires_at) values (p_caller, p_key, p_print, p_claim, v_now + p_lease, v_now + p_keep)
    on conflict (caller, key) do nothing;
  outcome := 'new';
  if found then return; end if;
  select * into v from idempotency.request r where r.caller = p_caller and r.key = p_key for update;
  if not found then
    -- Whoever had it has let go of it just now: the caller asks again.
    outcome := 'in_flight';
  elsif v.expires_at <= v_now then
    delete from idempotency.step s where s.caller = p_caller and s.key = p_key;
    update idempotency.request r set print = p_print, claim = p_claim, lease_until = v_now + p_lease, expires_at = v_now + p_keep,
           status = null, content_type = null, answer = null, sealed_with = null
     where r.caller = p_caller and r.key = p_key;
  elsif v.print <> p_print then
    outcome := 'reused';
  elsif v.status is not null then
    outcome := 'answered'; status := v.status; content_type := v.content_type; answer := v.answer; sealed_with := v.sealed_with;
  elsif v.lease_until > v_now then
    outcome := 'in_flight';
  else
    outcome := 'resumed';
    update idempotency.request r set claim = p_claim, lease_until = v_now + p_lease where r.caller = p_caller and r.key = p_key;
  end if;
end $$`;

/** Gives the key back. Where something was done already the key stays bound to its request, which may be sent again at once. */
const RELEASE = `
create function idempotency.release(p_claim uuid) returns void language plpgsql as $$
begin
  delete from idempotency.request r where r.claim = p_claim and r.status is null and not exists (select from idempotency.step s where s.caller = r.caller and s.key = r.key);
  if not found then
    update idempotency.request r set lease_until = idempotency.clock() where r.claim = p_claim and r.status is null;
  end if;
end $$`;
