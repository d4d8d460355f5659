import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Feeds: what the hub polls. A row holds where a connection's feed stands and whose turn it is; the records themselves
 * go into the inbox, in one transaction with the cursor.
 */
export class Feeds1700000013000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['reset_feed', 'fail_feed', 'keep_page', 'claim_feeds', 'is_crowded']) await runner.query(`drop function intake.${name}`);
    await runner.query('drop table intake.feed_cursor, intake.feed');
  }
}

const STATEMENTS = [
  // One replica polls a feed at a time. The fence grows with each loan and each reset: a page that was asked for under
  // an older one is refused, whatever became of its poller meanwhile.
  `create table intake.feed (
    source_id integer not null,
    name text collate "C" not null,
    -- In the connector's own words; null before the first page and after a reset to the start.
    cursor text,
    cursor_at timestamptz,
    fence bigint not null default 0,
    holder text,
    claimed_until timestamptz not null default '-infinity',
    due_at timestamptz not null default '-infinity',
    -- Somebody wants it polled once more after what is under way: a person, or a change of the connection.
    asked boolean not null default false,
    paused boolean not null default false,
    -- An administrator's pace; null where the manifest's holds.
    every_seconds integer check (every_seconds between 1 and 86400),
    failures integer not null default 0,
    pause_ms integer not null default 0,
    failing_since timestamptz,
    -- Whether the failure waits for a person. The last error is kept when the feed has recovered.
    refused boolean not null default false,
    last_error_code text,
    last_error text,
    last_error_at timestamptz,
    polls bigint not null default 0,
    fresh_records bigint not null default 0,
    repeated_records bigint not null default 0,
    last_polled_at timestamptz,
    last_success_at timestamptz,
    -- Up to which moment everything was here that the outside system told.
    caught_up_at timestamptz,
    page_records integer,
    page_last_record text,
    page_more boolean,
    primary key (source_id, name)
  ) with (fillfactor = 50)`,

  // Where the feed stood, one row in ten minutes at most, so that it can be polled again from yesterday.
  `create table intake.feed_cursor (
    id bigint generated always as identity primary key,
    source_id integer not null,
    name text collate "C" not null,
    cursor text not null,
    saved_at timestamptz not null
  )`,
  'create index feed_cursor_feed on intake.feed_cursor (source_id, name, id)',

  // Whether so many deliveries of a connection wait that no more should be fetched. It counts no further than it must.
  `create function intake.is_crowded(of_source integer, most_pending integer) returns boolean
  language plpgsql stable set enable_seqscan = off as $$
  begin
    return (select count(*) from (select from intake.pending p where p.source_id = of_source limit most_pending) waiting) >= most_pending;
  end $$`,

  // Lends feeds of those named that are due and that nobody polls, the longest due first. A worker may take a feed of
  // its own again: it has lost sight of it (a broken connection).
  `create function intake.claim_feeds(worker text, sources integer[], names text[], most integer, most_pending integer, lease interval)
  returns table (source_id integer, name text, cursor text, fence bigint, failures integer, pause_ms integer, every_seconds integer)
  language plpgsql as $$
  #variable_conflict use_column
  declare
    at constant timestamptz := intake.clock();
  begin
    return query
    with due as materialized (
      select f.source_id, f.name from unnest(sources, names) as w (source_id, name) join intake.feed f on f.source_id = w.source_id and f.name = w.name
      where not f.paused and f.due_at <= at and (f.claimed_until <= at or f.holder = worker) and not intake.is_crowded(f.source_id, most_pending)
      order by f.due_at limit most for update of f skip locked
    )
    update intake.feed f set fence = f.fence + 1, holder = worker, claimed_until = at + lease, asked = false
    from due where f.source_id = due.source_id and f.name = due.name
    returning f.source_id, f.name, f.cursor, f.fence, f.failures, f.pause_ms, f.every_seconds;
  end $$`,

  // Stores the records of a page in the inbox and moves the cursor past them, or, when the fence has moved on, does
  // neither and answers no row. goes_on says whether the poller keeps the feed for the next page.
  `create function intake.keep_page(of_source integer, of_feed text, of_fence bigint, next_cursor text, more boolean, stay boolean, pace_ms integer, took_ms integer,
                                   last_record text, most_pending integer, lease interval,
                                   source_ids integer[], sender_keys text[], topics text[], headers text[], correlation_ids text[], lengths integer[], bodies bytea)
  returns table (fresh integer, goes_on boolean) language plpgsql as $$
  declare
    at constant timestamptz := intake.clock();
    before intake.feed%rowtype;
  begin
    select * into before from intake.feed f where f.source_id = of_source and f.name = of_feed and f.fence = of_fence for update;
    if not found then return; end if;
    select count(*)::integer into fresh from intake.accept(source_ids, sender_keys, topics, headers, correlation_ids, lengths, bodies);
    goes_on := stay and more and not before.paused and not intake.is_crowded(of_source, most_pending);
    if before.cursor is distinct from next_cursor
      and not exists (select from intake.feed_cursor c where c.source_id = of_source and c.name = of_feed and c.saved_at > at - interval '10 minutes') then
      insert into intake.feed_cursor (source_id, name, cursor, saved_at) values (of_source, of_feed, next_cursor, at);
      delete from intake.feed_cursor c where c.source_id = of_source and c.name = of_feed and c.id <= (
        select o.id from intake.feed_cursor o where o.source_id = of_source and o.name = of_feed order by o.id desc offset 1000 limit 1);
    end if;
    update intake.feed f set
      cursor = next_cursor,
      cursor_at = case when before.cursor is distinct from next_cursor then at else f.cursor_at end,
      claimed_until = case when goes_on then at + lease else at end,
      due_at = case when more or f.asked then at else at + pace_ms * interval '1 millisecond' end,
      failures = 0, pause_ms = 0, failing_since = null, refused = false,
      polls = f.polls + 1,
      fresh_records = f.fresh_records + fresh,
      repeated_records = f.repeated_records + cardinality(sender_keys) - fresh,
      last_polled_at = at, last_success_at = at,
      caught_up_at = case when more then f.caught_up_at else at - took_ms * interval '1 millisecond' end,
      page_records = cardinality(sender_keys), page_more = more,
      page_last_record = coalesce(last_record, f.page_last_record)
    where f.source_id = of_source and f.name = of_feed;
    return next;
  end $$`,

  // Gives a feed back that could not be polled, to be tried again after a pause, or at once if somebody asked meanwhile.
  `create function intake.fail_feed(of_source integer, of_feed text, of_fence bigint, wait_ms integer, code text, error text, is_refused boolean)
  returns void language plpgsql as $$
  declare
    at constant timestamptz := intake.clock();
  begin
    update intake.feed f set
      claimed_until = at, due_at = case when f.asked then at else at + wait_ms * interval '1 millisecond' end,
      failures = f.failures + 1, pause_ms = wait_ms, failing_since = coalesce(f.failing_since, at), refused = is_refused,
      last_error_code = code, last_error = error, last_error_at = at, polls = f.polls + 1, last_polled_at = at
    where f.source_id = of_source and f.name = of_feed and f.fence = of_fence;
  end $$`,

  // Sets a feed to another cursor. Where it stood is saved first, so that a reset can be undone; a page under way is
  // refused when it comes.
  `create function intake.reset_feed(of_source integer, of_feed text, to_cursor text) returns void language plpgsql as $$
  declare
    at constant timestamptz := intake.clock();
  begin
    insert into intake.feed (source_id, name) values (of_source, of_feed) on conflict do nothing;
    perform from intake.feed f where f.source_id = of_source and f.name = of_feed for update;
    insert into intake.feed_cursor (source_id, name, cursor, saved_at)
    select f.source_id, f.name, f.cursor, at from intake.feed f where f.source_id = of_source and f.name = of_feed and f.cursor is not null;
    update intake.feed f set cursor = to_cursor, cursor_at = at, fence = f.fence + 1, claimed_until = '-infinity', due_at = at, asked = false,
      failures = 0, pause_ms = 0, failing_since = null, refused = false, caught_up_at = null, page_more = null
    where f.source_id = of_source and f.name = of_feed;
  end $$`,
];
