import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The inbox and what could not be applied. A delivery is committed here before its sender is answered; nothing else
 * about it happens until later. `source_id` is the connection's number; texts from outside compare byte by byte.
 */
export class Intake1700000006000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop schema intake cascade');
    await runner.query('create schema intake');
  }
}

const STATEMENTS = [
  // The one clock of leases and pauses. A database (or session) may shift it, so that tests need not wait.
  `create function intake.clock() returns timestamptz language sql volatile as $$
    select clock_timestamp() + coalesce(nullif(current_setting('crossdock.clock_shift', true), '')::interval, interval '0')
  $$`,

  'create sequence intake.delivery_id as bigint',

  // Kept for ever and narrow, apart from the bodies, so that those can be retired while a late duplicate is still known.
  `create table intake.delivery_key (
    source_id integer not null,
    sender_key text collate "C" not null,
    delivery_id bigint not null,
    primary key (source_id, sender_key)
  )`,

  // Written once, never changed: what happens to a delivery stands in the narrow tables below.
  `create table intake.delivery (
    id bigint primary key,
    source_id integer not null,
    sender_key text collate "C" not null,
    topic text collate "C" not null,
    headers jsonb not null,
    correlation_id text collate "C" not null,
    received_at timestamptz not null,
    body bytea not null
  )`,
  'create index delivery_source on intake.delivery (source_id, id)',
  // The default compression took a tenth of a core at 3,000 deliveries a second; builds without lz4 keep the default.
  `do $$ begin
    alter table intake.delivery alter column body set compression lz4;
  exception when feature_not_supported or invalid_parameter_value then null;
  end $$`,

  // The queue: a row is inserted with its delivery and deleted with its outcome, and never updated unless it fails.
  `create table intake.pending (
    source_id integer not null,
    delivery_id bigint not null,
    attempts integer not null default 0,
    pause_ms integer not null default 0,
    not_before timestamptz not null default '-infinity',
    last_error text,
    primary key (source_id, delivery_id)
  ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0)`,

  // One worker serves a connection at a time. The fence grows with each claim: who lost the lease can finish nothing.
  `create table intake.lane (
    source_id integer primary key,
    fence bigint not null default 0,
    holder text,
    claimed_until timestamptz not null default '-infinity',
    failures integer not null default 0,
    pause_ms integer not null default 0,
    not_before timestamptz not null default '-infinity',
    last_error text
  ) with (fillfactor = 50)`,

  `create table intake.outcome (
    delivery_id bigint primary key,
    state text collate "C" not null check (state in ('done', 'ignored', 'parked', 'failed', 'discarded')),
    applied integer not null,
    repeated integer not null,
    reason text,
    finished_at timestamptz not null
  )`,
  `create index outcome_unusual on intake.outcome (state, delivery_id) where state <> 'done'`,

  // One row a cause, counted: a location that nobody mapped is one exception, however many sales wait for it.
  `create table intake.exception (
    id bigint generated always as identity primary key,
    source_id integer not null,
    class text collate "C" not null,
    cause text collate "C" not null,
    detail text not null,
    state text collate "C" not null check (state in ('open', 'resolved', 'discarded')),
    -- Whether the hub tries again by itself; the others wait for a person.
    automatic boolean not null,
    -- What would end it, as listeners name it: an exception is looked at again when one of these appears.
    waits_for text[] collate "C" not null,
    seen bigint not null,
    held bigint not null default 0,
    first_at timestamptz not null,
    last_at timestamptz not null,
    due_at timestamptz,
    unique (source_id, class, cause)
  ) with (fillfactor = 70)`,
  'create index exception_state on intake.exception (state, id)',
  `create index exception_due on intake.exception (due_at) where due_at is not null`,
  `create index exception_waits_for on intake.exception using gin (waits_for) where state = 'open'`,

  // Whatever an exception holds back: one event as the connector told it, or (event null) a whole delivery.
  `create table intake.held (
    id bigint generated always as identity primary key,
    source_id integer not null,
    key text collate "C" not null,
    delivery_id bigint not null,
    event jsonb,
    correlation_id text collate "C" not null,
    held_at timestamptz not null,
    unique (source_id, key)
  )`,
  'create index held_delivery on intake.held (delivery_id)',
  `create table intake.held_by (
    exception_id bigint not null,
    held_id bigint not null,
    primary key (exception_id, held_id)
  )`,
  'create index held_by_held on intake.held_by (held_id)',

  // The bodies come as one value, cut here: an array of bytea would travel as hexadecimal text. Sorted keys, so that two
  // batches that hold the same keys wait for each other and never deadlock. Answers the positions of what was new. In
  // plpgsql, because its plan is kept for the session.
  `create function intake.accept(source_ids integer[], sender_keys text[], topics text[], headers text[], correlation_ids text[], lengths integer[], bodies bytea)
  returns setof integer language plpgsql as $$
  declare
    at constant timestamptz := intake.clock();
  begin
    return query
    with arriving as materialized (
      select a.source_id, a.sender_key, a.topic, a.header, a.correlation_id, a.length, a.position::integer as position,
             (sum(a.length) over (order by a.position) - a.length)::integer as start, nextval('intake.delivery_id') as id
      from unnest(source_ids, sender_keys, topics, headers, correlation_ids, lengths)
           with ordinality as a (source_id, sender_key, topic, header, correlation_id, length, position)
    ), fresh as (
      insert into intake.delivery_key as k (source_id, sender_key, delivery_id)
      select a.source_id, a.sender_key, a.id from arriving a order by a.source_id, a.sender_key
      on conflict do nothing
      returning k.delivery_id
    ), kept as (
      insert into intake.delivery (id, source_id, sender_key, topic, headers, correlation_id, received_at, body)
      select a.id, a.source_id, a.sender_key, a.topic, a.header::jsonb, a.correlation_id, at, substring(bodies from a.start + 1 for a.length)
      from arriving a join fresh f on f.delivery_id = a.id
    ), queued as (
      insert into intake.pending (source_id, delivery_id)
      select a.source_id, a.id from arriving a join fresh f on f.delivery_id = a.id
    )
    select a.position from arriving a join fresh f on f.delivery_id = a.id;
  end $$`,

  // Takes the lanes that have something due and that nobody serves, the longest unserved first, and answers the head of
  // each, in order of arrival. A worker may take a lane of its own again: it has lost sight of it (a broken connection).
  // The planner may not scan or hash: a plan made while the tables were empty would read a full inbox from end to end.
  `create function intake.claim(worker text, busy integer[], most_lanes integer, most_deliveries integer, most_bytes bigint, lease interval)
  returns table (source_id integer, fence bigint, failures integer, pause_ms integer, delivery_id bigint, attempts integer, delivery_pause_ms integer,
                 sender_key text, topic text, headers jsonb, correlation_id text, received_at timestamptz, body bytea)
  language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
  #variable_conflict use_column
  declare
    at constant timestamptz := intake.clock();
    waiting integer[];
    mine integer[];
  begin
    with recursive ahead as (
      (select p.source_id from intake.pending p order by p.source_id limit 1)
      union all
      select (select p.source_id from intake.pending p where p.source_id > a.source_id order by p.source_id limit 1) from ahead a where a.source_id is not null
    )
    select array_agg(a.source_id) into waiting from ahead a where a.source_id is not null and a.source_id <> all (busy);
    if waiting is null then return; end if;
    insert into intake.lane (source_id) select unnest(waiting) on conflict do nothing;
    select array_agg(due.source_id) into mine from (
      select l.source_id from intake.lane l
      where l.source_id = any (waiting) and l.not_before <= at and (l.claimed_until <= at or l.holder = worker)
        and exists (select from intake.pending p where p.source_id = l.source_id and p.not_before <= at)
      order by l.claimed_until limit most_lanes for update of l skip locked
    ) due;
    if mine is null then return; end if;
    update intake.lane l set fence = l.fence + 1, holder = worker, claimed_until = at + lease where l.source_id = any (mine);
    return query
    select l.source_id, l.fence, l.failures, l.pause_ms, d.id, d.attempts, d.pause_ms, d.sender_key, d.topic, d.headers, d.correlation_id, d.received_at, d.body
    from intake.lane l
    cross join lateral (
      select i.*, p.attempts, p.pause_ms, sum(octet_length(i.body)) over (order by i.id) - octet_length(i.body) as bytes_before
      from (
        select q.delivery_id, q.attempts, q.pause_ms from intake.pending q
        where q.source_id = l.source_id and q.not_before <= at order by q.delivery_id limit most_deliveries
      ) p join intake.delivery i on i.id = p.delivery_id
    ) d
    where l.source_id = any (mine) and d.bytes_before < most_bytes
    order by l.source_id, d.id;
  end $$`,

  // Writes what became of the deliveries of several lanes and gives the lanes back, in one call: it is the most frequent
  // write after accept. Rows come in order of the lanes, so that two workers never wait for each other in a circle. A
  // lane whose fence has moved on is left out with all its deliveries; the lanes that were given back are answered.
  `create function intake.give_back(lane_sources integer[], lane_fences bigint[], lane_failures integer[], lane_pauses integer[], lane_errors text[],
                                    sources integer[], delivery_ids bigint[], states text[], applied integer[], repeated integer[], reasons text[])
  returns integer[] language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
  declare
    at constant timestamptz := intake.clock();
    ours integer[];
  begin
    select coalesce(array_agg(locked.source_id), '{}') into ours from (
      select l.source_id from unnest(lane_sources, lane_fences) as given (source_id, fence)
      join intake.lane l on l.source_id = given.source_id and l.fence = given.fence order by l.source_id for update of l
    ) locked;
    with settled as materialized (
      select s.* from unnest(sources, delivery_ids, states, applied, repeated, reasons) as s (source_id, delivery_id, state, applied, repeated, reason)
      where s.source_id = any (ours)
    ), taken as (
      delete from intake.pending p using settled s where p.source_id = s.source_id and p.delivery_id = s.delivery_id
      returning s.delivery_id, s.state, s.applied, s.repeated, s.reason
    )
    insert into intake.outcome as o (delivery_id, state, applied, repeated, reason, finished_at)
    select t.delivery_id, t.state, t.applied, t.repeated, t.reason, at from taken t
    on conflict (delivery_id) do update
      set state = excluded.state, applied = excluded.applied, repeated = excluded.repeated, reason = excluded.reason, finished_at = excluded.finished_at;
    update intake.lane l set claimed_until = at, failures = given.failures, pause_ms = given.pause_ms, last_error = given.error,
      not_before = case when given.pause_ms > 0 then at + given.pause_ms * interval '1 millisecond' else '-infinity' end
    from unnest(lane_sources, lane_failures, lane_pauses, lane_errors) as given (source_id, failures, pause_ms, error)
    where l.source_id = given.source_id and l.source_id = any (ours);
    return ours;
  end $$`,
];
