import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Network holds: units promised to a cart or an order before anybody knows which location will send them. States:
 * 1 held, 2 consumed, 3 released, 4 expired; a terminal state is terminal. Expiry is judged by inventory.clock() alone,
 * the database's clock, which a test can shift for its database.
 */
export class InventoryReservations1700000007300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [CLOCK, LOCK_POOLS, SHIFT_DEMAND, HOLD_ONE, RESERVE, SETTLE, EXPIRE]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['expire_reservations', 'settle_reservation', 'reserve', 'hold_one', 'shift_demand', 'lock_pools', 'clock']) await runner.query(`drop function inventory.${name}`);
  }
}

const CLOCK = `
create function inventory.clock() returns timestamptz language sql volatile as $$
  select clock_timestamp() + coalesce(nullif(current_setting('crossdock.clock_shift', true), ''), '0')::interval
$$`;

/** Locks, in the order that every writer keeps, the sums of all pools that share a location with one of the given pools. */
const LOCK_POOLS = `
create function inventory.lock_pools(p_item integer[], p_pool integer[]) returns void language plpgsql as $$
begin
  perform from inventory.pool_level l
    where (l.item_id, l.pool_id) in (
      select t.item_id, o.other_id from unnest(p_item, p_pool) as t (item_id, pool_id) join inventory.pool_overlap o on o.pool_id = t.pool_id)
    order by l.item_id, l.pool_id for update;
end $$`;

/** Adds a difference of network holds of one pool to every pool that shares a location with it. Pairs may repeat. */
const SHIFT_DEMAND = `
create function inventory.shift_demand(p_item integer[], p_pool integer[], p_demand bigint[]) returns void language plpgsql set enable_seqscan = off as $$
declare
  v_item integer[]; v_pool integer[]; v_demand bigint[];
begin
  select array_agg(item_id order by item_id, pool_id), array_agg(pool_id order by item_id, pool_id), array_agg(demand order by item_id, pool_id)
    into v_item, v_pool, v_demand
    from (select t.item_id, o.other_id as pool_id, sum(t.demand)::bigint as demand
            from unnest(p_item, p_pool, p_demand) as t (item_id, pool_id, demand)
            join inventory.pool_overlap o on o.pool_id = t.pool_id
           group by 1, 2 having sum(t.demand) <> 0) as d;
  if v_item is null then return; end if;
  -- Not one upsert: Postgres checks the row that it would insert, and a release would propose demand below zero.
  insert into inventory.pool_level (item_id, pool_id) select * from unnest(v_item, v_pool) on conflict do nothing;
  update inventory.pool_level l set demand = l.demand + t.demand
    from unnest(v_item, v_pool, v_demand) as t (item_id, pool_id, demand) where l.item_id = t.item_id and l.pool_id = t.pool_id;
  perform inventory.refresh(v_item, v_pool);
end $$`;

/**
 * Decides a batch of requests in arrival order, all in one transaction. A request is one JSON object
 * {source, key, channel, ttl, partial, digest, correlation, lines: [{item, quantity}]}; its answer is
 * {outcome: held | replayed | short | conflict | unknown_channel, id?, missing?: [{line, item, available}]}.
 * The sums of every pool concerned are locked first, so that checking and holding is one act; the same item on two lines
 * is added up before it is checked. The same key with the same lines gets the stored answer; with other lines it
 * supersedes its own hold, which therefore never stands in its own way.
 */
const RESERVE = `
create function inventory.reserve(p_requests jsonb) returns jsonb language plpgsql set enable_seqscan = off as $$
declare
  v_request jsonb; v_answers jsonb := '[]';
  v_old inventory.reservation; v_rule inventory.channel_rule;
  v_items integer[]; v_pools integer[];
begin
  perform pg_advisory_xact_lock_shared(7267, 1);
  -- Keys first and sorted, so that two batches with the same keys wait for one another instead of dying.
  perform from inventory.reservation r
    join jsonb_array_elements(p_requests) as q on r.source_id = (q->>'source')::int and r.key = q->>'key'
   order by r.id for update of r;
  select array_agg(item_id), array_agg(pool_id) into v_items, v_pools from (
    select distinct (l->>'item')::int as item_id, c.pool_id
      from jsonb_array_elements(p_requests) as q
      join inventory.channel_rule c on c.channel_id = (q->>'channel')::int, jsonb_array_elements(q->'lines') as l
    union
    select a.item_id, r.pool_id from jsonb_array_elements(p_requests) as q
      join inventory.reservation r on r.source_id = (q->>'source')::int and r.key = q->>'key' and r.state = 1
      join inventory.allocation a on a.reservation_id = r.id and a.state = 1) as t;
  if v_items is not null then
    perform inventory.lock_pools(v_items, v_pools);
  end if;

  for v_request in select * from jsonb_array_elements(p_requests) loop
    select * into v_rule from inventory.channel_rule where channel_id = (v_request->>'channel')::int;
    if not found then
      v_answers := v_answers || jsonb_build_object('outcome', 'unknown_channel');
      continue;
    end if;
    select * into v_old from inventory.reservation r where r.source_id = (v_request->>'source')::int and r.key = v_request->>'key' for update;
    if found and v_old.digest = v_request->>'digest' then
      v_answers := v_answers || jsonb_build_object('outcome', 'replayed', 'id', v_old.id);
      continue;
    end if;
    if v_old.id is not null and (v_old.state <> 1 or v_old.expires_at <= inventory.clock()) then
      v_answers := v_answers || jsonb_build_object('outcome', 'conflict', 'id', v_old.id);
      continue;
    end if;
    v_answers := v_answers || inventory.hold_one(v_request, v_old, v_rule);
  end loop;
  return v_answers;
end $$`;

/** One request under the locks of reserve(): frees the key's own former hold, checks each item's sum, then holds or puts everything back. */
const HOLD_ONE = `
create function inventory.hold_one(p_request jsonb, p_old inventory.reservation, p_rule inventory.channel_rule) returns jsonb
language plpgsql set enable_seqscan = off as $$
declare
  v_old_item integer[]; v_old_pool integer[]; v_old_quantity bigint[];
  v_line integer[]; v_item integer[]; v_wanted bigint[]; v_granted bigint[]; v_available bigint[];
  v_id bigint;
begin
  if p_old.id is not null then
    select array_agg(a.item_id), array_agg(p_old.pool_id), array_agg(a.quantity) into v_old_item, v_old_pool, v_old_quantity
      from inventory.allocation a where a.reservation_id = p_old.id and a.state = 1;
    perform inventory.shift_demand(v_old_item, v_old_pool, array(select -q from unnest(v_old_quantity) as q));
  end if;

  select array_agg(t.line order by t.line), array_agg(t.item_id order by t.line), array_agg(t.wanted order by t.line), array_agg(t.available order by t.line),
         array_agg(least(t.wanted, greatest(0, t.available - t.before)) order by t.line)
    into v_line, v_item, v_wanted, v_available, v_granted
    from (select l.line, l.item_id, l.wanted,
                 sum(l.wanted) over (partition by l.item_id order by l.line) - l.wanted as before,
                 coalesce(inventory.now_to_sell(p.usable, p.safety, p.stranded, p.demand, p_rule.safety_stock, p_rule.threshold, p_rule.buffer, p_rule.share_percent, p_rule.cap), 0) as available
            from (select o.n::integer - 1 as line, (o.value->>'item')::integer as item_id, (o.value->>'quantity')::bigint as wanted
                    from jsonb_array_elements(p_request->'lines') with ordinality as o (value, n)) as l
            left join inventory.pool_level p on p.item_id = l.item_id and p.pool_id = p_rule.pool_id) as t;

  if (case when coalesce((p_request->>'partial')::boolean, false) then not exists (select from unnest(v_granted) as g where g > 0)
          else exists (select from unnest(v_granted, v_wanted) as t (granted, wanted) where t.granted < t.wanted) end) then
    if v_old_item is not null then
      perform inventory.shift_demand(v_old_item, v_old_pool, v_old_quantity);
    end if;
    return jsonb_build_object('outcome', 'short', 'missing', (
      select jsonb_agg(jsonb_build_object('line', t.line, 'item', t.item, 'wanted', t.wanted, 'available', t.available) order by t.line)
        from unnest(v_line, v_item, v_wanted, v_granted, v_available) as t (line, item, wanted, granted, available) where t.granted < t.wanted));
  end if;

  if p_old.id is null then
    insert into inventory.reservation (source_id, key, channel_id, pool_id, digest, state, expires_at, correlation_id)
    values ((p_request->>'source')::int, p_request->>'key', p_rule.channel_id, p_rule.pool_id, p_request->>'digest', 1,
            inventory.clock() + make_interval(secs => (p_request->>'ttl')::int), p_request->>'correlation')
    on conflict (source_id, key) do nothing
    returning id into v_id;
    -- Another replica took the key a moment ago; the caller asks again and then finds it.
    if v_id is null then return jsonb_build_object('outcome', 'raced'); end if;
  else
    v_id := p_old.id;
    update inventory.reservation set channel_id = p_rule.channel_id, pool_id = p_rule.pool_id, digest = p_request->>'digest',
           expires_at = inventory.clock() + make_interval(secs => (p_request->>'ttl')::int)
     where id = v_id;
    delete from inventory.allocation where reservation_id = v_id;
  end if;
  insert into inventory.allocation (reservation_id, line, item_id, quantity, state)
  select v_id, t.line, t.item, t.granted, 1 from unnest(v_line, v_item, v_granted) as t (line, item, granted) where t.granted > 0;
  perform inventory.shift_demand(v_item, array_fill(p_rule.pool_id, array[cardinality(v_item)]), v_granted);
  return jsonb_build_object('outcome', 'held', 'id', v_id);
end $$`;

/**
 * Ends a hold: p_state 2 consumes (the sale's movements and the end of the hold are one transaction; p_account is the
 * location's sellable account), 3 releases. Answers {outcome: done | replayed | conflict | not_found, state}. A hold whose
 * time is over by the clock is expired here and now, whether or not a sweep has seen it.
 */
const SETTLE = `
create function inventory.settle_reservation(p_source integer, p_id bigint, p_state smallint, p_account integer, p_correlation text)
returns jsonb language plpgsql set enable_seqscan = off as $$
declare
  v_held inventory.reservation;
  v_line text[]; v_item integer[]; v_pool integer[]; v_quantity bigint[]; v_size integer; v_state smallint := p_state;
begin
  perform pg_advisory_xact_lock_shared(7267, 1);
  select * into v_held from inventory.reservation where id = p_id and source_id = p_source for update;
  if not found then return jsonb_build_object('outcome', 'not_found'); end if;
  if v_held.state = p_state then return jsonb_build_object('outcome', 'replayed', 'state', v_held.state); end if;
  if v_held.state <> 1 then return jsonb_build_object('outcome', 'conflict', 'state', v_held.state); end if;
  if v_held.expires_at <= inventory.clock() then v_state := 4; end if;

  select array_agg(a.line::text order by a.item_id), array_agg(a.item_id order by a.item_id), array_agg(v_held.pool_id), array_agg(a.quantity order by a.item_id), count(*)
    into v_line, v_item, v_pool, v_quantity, v_size
    from inventory.allocation a where a.reservation_id = p_id and a.state = 1;
  if v_state = 2 then
    perform from inventory.stock_level s where s.item_id = any (v_item) and s.account_id = p_account order by s.item_id for update;
  end if;
  perform inventory.lock_pools(v_item, v_pool);
  if v_state = 2 then
    perform inventory.record_movements(
      array_fill(p_source, array[v_size]), array_fill('reservation/' || p_id, array[v_size]), v_line, array_fill(0::smallint, array[v_size]), v_item, v_quantity,
      array_fill(p_account, array[v_size]), array_fill(1, array[v_size]), array_fill(clock_timestamp(), array[v_size]), array_fill(p_correlation, array[v_size]));
  end if;
  perform inventory.shift_demand(v_item, v_pool, array(select -q from unnest(v_quantity) as q));
  update inventory.allocation set state = v_state where reservation_id = p_id and state = 1;
  update inventory.reservation set state = v_state, settled_at = inventory.clock() where id = p_id;
  return jsonb_build_object('outcome', case when v_state = p_state then 'done' else 'conflict' end, 'state', v_state);
end $$`;

/** Expires up to p_most holds whose time is over; answers how many. Holds that somebody is settling right now are left to him. */
const EXPIRE = `
create function inventory.expire_reservations(p_most integer) returns integer language plpgsql set enable_seqscan = off as $$
declare
  v_id bigint[]; v_item integer[]; v_pool integer[]; v_quantity bigint[];
begin
  perform pg_advisory_xact_lock_shared(7267, 1);
  v_id := array(select id from inventory.reservation where state = 1 and expires_at <= inventory.clock() order by expires_at limit p_most for update skip locked);
  if cardinality(v_id) = 0 then return 0; end if;
  select array_agg(a.item_id), array_agg(r.pool_id), array_agg(a.quantity) into v_item, v_pool, v_quantity
    from inventory.allocation a join inventory.reservation r on r.id = a.reservation_id
   where a.reservation_id = any (v_id) and a.state = 1;
  perform inventory.lock_pools(v_item, v_pool);
  perform inventory.shift_demand(v_item, v_pool, array(select -q from unnest(v_quantity) as q));
  update inventory.allocation set state = 4 where reservation_id = any (v_id) and state = 1;
  update inventory.reservation set state = 4, settled_at = inventory.clock() where id = any (v_id);
  return cardinality(v_id);
end $$`;
