import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A netting movement says whose count it follows from. The books of a system that told of a movement late have that
 * movement by themselves: they need the netting when the count was somebody else's, and must not have it when it was
 * their own. The functions are those of 1700000007100, but for the two columns.
 */
export class NettingNamesItsCount1700000013600 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table inventory.stock_level add column if not exists observed_source integer');
    await runner.query('alter table inventory.movement add column if not exists counted_by integer');
    for (const statement of [RECORD_MOVEMENTS, RECORD_OBSERVATIONS]) await runner.query(statement);
  }

  /** The functions keep their new form, which the version before calls in the same way. */
  async down(): Promise<void> {
    // The columns hold what nothing else does, and cost nothing: they stay.
  }
}

const RECORD_MOVEMENTS = `
create or replace function inventory.record_movements(
  p_source integer[], p_event text[], p_line text[], p_kind smallint[], p_item integer[], p_quantity bigint[],
  p_from integer[], p_to integer[], p_occurred timestamptz[], p_correlation text[]
) returns smallint[] language plpgsql set enable_seqscan = off as $$
declare
  v_batch bigint := nextval('inventory.ledger_batch_number');
  v_status smallint[];
  v_raced boolean;
  v_item integer[]; v_pool integer[]; v_usable bigint[]; v_safety bigint[]; v_stranded bigint[];
begin
  perform pg_advisory_xact_lock_shared(7267, 1);

  with input as (
    select * from unnest(p_source, p_event, p_line, p_kind, p_item, p_quantity, p_from, p_to, p_occurred, p_correlation)
      with ordinality as t (source_id, event_id, line, kind, item_id, quantity, from_account, to_account, occurred_at, correlation_id, idx)
  ), refused as (
    -- Absolute facts and adjustments belong to the location's owner; sales, receipts and returns to whoever is authorised for them.
    select i.idx from input i
      join inventory.location_owner o on o.location_id = greatest(i.from_account, i.to_account) >> 3
     where i.kind = 3 and o.source_id <> i.source_id
  ), fresh as (
    insert into inventory.movement_key (source_id, event_id, line, batch_id)
    select i.source_id, i.event_id, i.line, v_batch from input i
     where not exists (select from refused r where r.idx = i.idx)
     order by i.source_id, i.event_id, i.line
        on conflict do nothing
    returning source_id, event_id, line
  ), accepted as (
    select distinct on (i.source_id, i.event_id, i.line) i.*
      from input i join fresh f on f.source_id = i.source_id and f.event_id = i.event_id and f.line = i.line
     order by i.source_id, i.event_id, i.line, i.idx
  ), leg as (
    select a.idx, 1 as side, a.item_id, a.from_account as account_id, -a.quantity as delta, a.quantity, a.occurred_at,
           a.source_id, a.event_id, a.line, a.correlation_id
      from accepted a where a.from_account >= 8
    union all
    select a.idx, 2, a.item_id, a.to_account, a.quantity, a.quantity, a.occurred_at, a.source_id, a.event_id, a.line, a.correlation_id
      from accepted a where a.to_account >= 8
  ), judged as (
    select l.*, s.observed_as_of, s.observed_source, coalesce(l.occurred_at <= s.observed_as_of, false) as netted
      from leg l left join inventory.stock_level s on s.item_id = l.item_id and s.account_id = l.account_id
  ), written as (
    insert into inventory.movement (batch_id, n, item_id, quantity, from_account, to_account, kind, source_id, event_id, line, occurred_at, correlation_id, counted_by)
    select v_batch, a.idx * 4, a.item_id, a.quantity, a.from_account, a.to_account, a.kind, a.source_id, a.event_id, a.line, a.occurred_at, a.correlation_id, null::integer
      from accepted a
    union all
    select v_batch, j.idx * 4 + j.side, j.item_id, j.quantity,
           case when j.delta < 0 then 2 else j.account_id end, case when j.delta < 0 then j.account_id else 2 end,
           8, j.source_id, j.event_id, j.line, j.occurred_at, j.correlation_id, j.observed_source
      from judged j where j.netted
  ), delta as (
    select item_id, account_id, coalesce(sum(delta) filter (where not netted), 0)::bigint as delta, max(observed_as_of) as seen
      from judged group by item_id, account_id
  ), level as (
    insert into inventory.stock_level as s (item_id, account_id, on_hand)
    select item_id, account_id, delta from delta order by item_id, account_id
        on conflict (item_id, account_id) do update set on_hand = s.on_hand + excluded.on_hand
    returning s.item_id, s.account_id, s.on_hand, s.reserved, s.safety, s.observed_as_of
  ), changed as (
    select l.*, l.on_hand - d.delta as before, d.delta, l.observed_as_of is distinct from d.seen as raced
      from level l join delta d on d.item_id = l.item_id and d.account_id = l.account_id
  ), sunk as (
    insert into inventory.negative_stock (item_id, account_id)
    select item_id, account_id from changed where on_hand < 0 and before >= 0 order by 1, 2 on conflict do nothing
  ), risen as (
    delete from inventory.negative_stock g using changed c
     where c.on_hand >= 0 and c.before < 0 and g.item_id = c.item_id and g.account_id = c.account_id
  ), difference as (
    select c.item_id, p.pool_id,
           sum(greatest(0, c.on_hand - c.reserved) - greatest(0, c.before - c.reserved))::bigint as usable,
           sum(least(c.safety, greatest(0, c.on_hand - c.reserved)) - least(c.safety, greatest(0, c.before - c.reserved)))::bigint as safety,
           sum(greatest(0, c.reserved - greatest(0, c.on_hand)) - greatest(0, c.reserved - greatest(0, c.before)))::bigint as stranded
      from changed c join inventory.pool_location p on p.location_id = c.account_id >> 3
     where c.account_id & 7 = 0 and c.delta <> 0
     group by c.item_id, p.pool_id
  ), pooled as (
    select array_agg(item_id) as item, array_agg(pool_id) as pool, array_agg(usable) as usable, array_agg(safety) as safety, array_agg(stranded) as stranded
      from difference
  ), answer as (
    select array_agg((case when a.idx is not null then 0 when r.idx is not null then 2 else 1 end)::smallint order by i.idx) as status
      from input i left join accepted a on a.idx = i.idx left join refused r on r.idx = i.idx
  )
  select answer.status, coalesce((select bool_or(raced) from changed), false), pooled.item, pooled.pool, pooled.usable, pooled.safety, pooled.stranded
    into v_status, v_raced, v_item, v_pool, v_usable, v_safety, v_stranded
    from answer, pooled;

  if v_raced then
    raise exception 'a count of the same account was recorded at the same moment' using errcode = '40001';
  end if;
  if v_item is not null then
    perform inventory.shift_pools(v_item, v_pool, v_usable, v_safety, v_stranded);
  end if;
  perform inventory.retell_own(p_source, p_item, v_status);
  insert into inventory.ledger_batch (id) values (v_batch);
  return v_status;
end $$`;

const RECORD_OBSERVATIONS = `
create or replace function inventory.record_observations(
  p_source integer[], p_event text[], p_item integer[], p_account integer[], p_figure bigint[], p_as_of timestamptz[], p_correlation text[],
  out status smallint[], out correction bigint[]
) language plpgsql set enable_seqscan = off as $$
declare
  v_batch bigint := nextval('inventory.ledger_batch_number');
  v_level inventory.stock_level;
  v_since bigint;
  v_later bigint;
  v_fix bigint;
  v_item integer[] := '{}'; v_location integer[] := '{}'; v_usable bigint[] := '{}'; v_safety bigint[] := '{}'; v_stranded bigint[] := '{}';
begin
  perform pg_advisory_xact_lock_shared(7267, 1);
  status := '{}'; correction := '{}';

  -- Every row that the loop will change is locked first, in order.
  insert into inventory.stock_level (item_id, account_id)
  select distinct item_id, account_id from unnest(p_item, p_account) as t (item_id, account_id) order by 1, 2 on conflict do nothing;
  perform from inventory.stock_level s
    where (s.item_id, s.account_id) in (select * from unnest(p_item, p_account))
    order by s.item_id, s.account_id for update;

  for i in 1 .. cardinality(p_item) loop
    if exists (select from inventory.location_owner o where o.location_id = p_account[i] >> 3 and o.source_id <> p_source[i]) then
      status := status || 2::smallint; correction := correction || 0::bigint;
      continue;
    end if;
    insert into inventory.movement_key (source_id, event_id, line, batch_id) values (p_source[i], p_event[i], '@count', v_batch) on conflict do nothing;
    if not found then
      status := status || 1::smallint; correction := correction || 0::bigint;
      continue;
    end if;
    select * into v_level from inventory.stock_level s where s.item_id = p_item[i] and s.account_id = p_account[i];
    if (v_level.observed_as_of, v_level.observed_event) >= (p_as_of[i], p_event[i]) then
      status := status || 3::smallint; correction := correction || 0::bigint;
      continue;
    end if;

    -- Nothing is accepted that claims to happen more than a day ahead, so what happened after the as-of was recorded at
    -- most a day before it; a batch's number is taken before its time (two batches may cross), hence the further minute.
    select coalesce(max(b.id), 0) into v_since from inventory.ledger_batch b where b.recorded_at < p_as_of[i] - interval '1 day 1 minute';
    select coalesce(sum(case when m.to_account = p_account[i] then m.quantity else -m.quantity end), 0) into v_later
      from inventory.movement m
     where m.item_id = p_item[i] and m.batch_id > v_since and m.occurred_at > p_as_of[i] and m.kind not in (7, 8)
       and (m.from_account = p_account[i] or m.to_account = p_account[i]);
    v_fix := p_figure[i] + v_later - v_level.on_hand;

    if v_fix <> 0 then
      insert into inventory.movement (batch_id, n, item_id, quantity, from_account, to_account, kind, source_id, event_id, line, occurred_at, correlation_id)
      values (v_batch, i * 4, p_item[i], abs(v_fix), case when v_fix > 0 then 2 else p_account[i] end, case when v_fix > 0 then p_account[i] else 2 end,
              7, p_source[i], p_event[i], '@count', p_as_of[i], p_correlation[i]);
    end if;
    update inventory.stock_level s set on_hand = s.on_hand + v_fix, observed_as_of = p_as_of[i], observed_event = p_event[i], observed_source = p_source[i]
     where s.item_id = p_item[i] and s.account_id = p_account[i];
    if v_level.on_hand + v_fix < 0 then
      insert into inventory.negative_stock (item_id, account_id) values (p_item[i], p_account[i]) on conflict do nothing;
    else
      delete from inventory.negative_stock g where g.item_id = p_item[i] and g.account_id = p_account[i];
    end if;

    if v_fix <> 0 and p_account[i] & 7 = 0 then
      v_item := v_item || p_item[i];
      v_location := v_location || (p_account[i] >> 3);
      v_usable := v_usable || (greatest(0, v_level.on_hand + v_fix - v_level.reserved) - greatest(0, v_level.on_hand - v_level.reserved));
      v_safety := v_safety || (least(v_level.safety, greatest(0, v_level.on_hand + v_fix - v_level.reserved)) - least(v_level.safety, greatest(0, v_level.on_hand - v_level.reserved)));
      v_stranded := v_stranded || (greatest(0, v_level.reserved - greatest(0, v_level.on_hand + v_fix)) - greatest(0, v_level.reserved - greatest(0, v_level.on_hand)));
    end if;
    status := status || 0::smallint; correction := correction || v_fix;
  end loop;

  if cardinality(v_item) > 0 then
    perform inventory.shift_locations(v_item, v_location, v_usable, v_safety, v_stranded);
  end if;
  insert into inventory.ledger_batch (id) values (v_batch);
end $$`;
