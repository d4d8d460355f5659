import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Clients that can be switched off and on, keys that are told apart, limits of each client and what it has used of them.
 * `revoked_at` stays the one thing that shuts a client out, so that the version before keeps a disabled client out, too.
 */
export class Clients1700000011000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table governance.api_client
      add column disabled boolean not null default false,
      add column rate_per_second double precision check (rate_per_second > 0),
      add column burst integer check (burst > 0),
      add column calls_per_day bigint check (calls_per_day > 0),
      add column calls_per_month bigint check (calls_per_month > 0),
      add constraint burst_goes_with_rate check ((rate_per_second is null) = (burst is null)),
      add constraint disabled_is_shut_out check (not disabled or revoked_at is not null)`);
    await runner.query(`alter table governance.api_key
      add column id uuid not null default gen_random_uuid() unique,
      add column name text,
      add column last_used_at timestamptz`);
    for (const statement of [CALLS, ROLL, TAKE, SETTLE]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['settle_calls', 'take_calls', 'roll_calls']) await runner.query(`drop function governance.${name}`);
    await runner.query('drop table governance.client_calls');
    await runner.query('alter table governance.api_key drop column id, drop column name, drop column last_used_at');
    await runner.query(`alter table governance.api_client drop constraint disabled_is_shut_out, drop constraint burst_goes_with_rate,
      drop column disabled, drop column rate_per_second, drop column burst, drop column calls_per_day, drop column calls_per_month`);
  }
}

/** What each client has used. `tokens` fill its bucket as of `filled_at`; days and months are those of UTC. */
const CALLS = `
create table governance.client_calls (
  client_source_id integer primary key references governance.api_client on delete cascade,
  tokens double precision not null,
  filled_at timestamptz not null,
  day date not null,
  day_calls bigint not null default 0,
  month date not null,
  month_calls bigint not null default 0
) with (fillfactor = 50)`;

/**
 * The row of a client, locked, as of now: its bucket filled by the time that went by, its counts begun anew with a new
 * day or month. A clock that was set back fills nothing and begins nothing anew.
 */
const ROLL = `
create function governance.roll_calls(p_client integer, p_rate double precision, p_burst integer) returns governance.client_calls language plpgsql as $$
declare
  u governance.client_calls; v_now timestamptz; v_day date; v_month date;
begin
  v_day := (clock_timestamp() at time zone 'utc')::date;
  insert into governance.client_calls (client_source_id, tokens, filled_at, day, month)
  values (p_client, coalesce(p_burst, 0), clock_timestamp(), v_day, date_trunc('month', v_day)::date) on conflict do nothing;
  select * into u from governance.client_calls where client_source_id = p_client for update;
  v_now := greatest(clock_timestamp(), u.filled_at);
  v_day := (v_now at time zone 'utc')::date;
  v_month := date_trunc('month', v_day)::date;
  u.tokens := least(coalesce(p_burst, 0), u.tokens + coalesce(p_rate, 0) * extract(epoch from v_now - u.filled_at));
  u.filled_at := v_now;
  if u.day < v_day then u.day := v_day; u.day_calls := 0; end if;
  if u.month < v_month then u.month := v_month; u.month_calls := 0; end if;
  return u;
end $$`;

/**
 * Lends a process up to p_want calls of a client, out of the bucket and the quotas that all processes share, and counts
 * them as used. With none granted, short_of says which limit is used up and wait_ms when it gives again; else p_left is
 * what the tightest limit has left for everybody. Losing the last milliseconds of these counts with the machine costs
 * nobody anything, so the commit does not wait for the disk.
 */
const TAKE = `
create function governance.take_calls(p_client integer, p_want integer, out granted integer, out short_of text, out wait_ms double precision, out left_over double precision) language plpgsql as $$
declare
  c governance.api_client; u governance.client_calls; v_day double precision; v_month double precision; v_rate double precision;
begin
  perform set_config('synchronous_commit', 'off', true);
  select * into c from governance.api_client where source_id = p_client;
  u := governance.roll_calls(p_client, c.rate_per_second, c.burst);
  v_rate := case when c.rate_per_second is null then 'infinity' else floor(u.tokens) end;
  v_day := coalesce(c.calls_per_day - u.day_calls, 'infinity'::double precision);
  v_month := coalesce(c.calls_per_month - u.month_calls, 'infinity'::double precision);
  granted := greatest(0, least(p_want, v_rate, v_day, v_month))::integer;
  if granted = 0 then
    if v_month <= 0 then
      short_of := 'month'; wait_ms := extract(epoch from (u.month + interval '1 month') at time zone 'utc' - u.filled_at) * 1000;
    elsif v_day <= 0 then
      short_of := 'day'; wait_ms := extract(epoch from (u.day + interval '1 day') at time zone 'utc' - u.filled_at) * 1000;
    else
      short_of := 'rate'; wait_ms := (1 - u.tokens) / c.rate_per_second * 1000;
    end if;
  end if;
  left_over := least(v_rate, v_day, v_month) - granted;
  update governance.client_calls set tokens = case when c.rate_per_second is null then u.tokens else u.tokens - granted end, filled_at = u.filled_at,
         day = u.day, day_calls = u.day_calls + granted, month = u.month, month_calls = u.month_calls + granted
   where client_source_id = p_client;
end $$`;

/** Counts calls that no limit was asked for, and takes back what was lent and not used. What was lent yesterday is not taken off today's count. */
const SETTLE = `
create function governance.settle_calls(p_clients integer[], p_calls bigint[], p_unused integer[]) returns void language plpgsql as $$
declare
  n record; c governance.api_client; u governance.client_calls; v_before governance.client_calls;
begin
  perform set_config('synchronous_commit', 'off', true);
  -- Always in one order, so that processes which settle at the same moment wait for one another and nothing worse.
  for n in select * from unnest(p_clients, p_calls, p_unused) as t (client, calls, unused) order by client loop
    select * into c from governance.api_client where source_id = n.client;
    select * into v_before from governance.client_calls where client_source_id = n.client;
    u := governance.roll_calls(n.client, c.rate_per_second, c.burst);
    update governance.client_calls set
           tokens = least(coalesce(c.burst, 0), u.tokens + n.unused), filled_at = u.filled_at,
           day = u.day, day_calls = u.day_calls + n.calls - case when u.day = v_before.day then n.unused else 0 end,
           month = u.month, month_calls = u.month_calls + n.calls - case when u.month = v_before.month then n.unused else 0 end
     where client_source_id = n.client;
  end loop;
end $$`;
