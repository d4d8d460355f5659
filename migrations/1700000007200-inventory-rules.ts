import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Pools, channels and their selling rules. A change of a rule excludes the writers of stock while it recomputes (advisory
 * lock 7267,1 exclusive), so that no batch that read the old rule can write its figure over the new one.
 */
export class InventoryRules1700000007200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [ENSURE_POOL, RECOMPUTE_CHANNEL, SAVE_CHANNEL, SET_RULES, SET_SAFETY]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['set_safety', 'set_rules', 'save_channel', 'recompute_channel', 'ensure_pool']) await runner.query(`drop function inventory.${name}`);
  }
}

const ENSURE_POOL = `
create function inventory.ensure_pool(p_locations integer[]) returns integer language plpgsql as $$
declare
  v_locations integer[] := array(select distinct l from unnest(p_locations) as l order by l);
  v_fingerprint text := array_to_string(v_locations, ',');
  v_pool integer;
begin
  select id into v_pool from inventory.pool where fingerprint = v_fingerprint;
  if found then return v_pool; end if;
  insert into inventory.pool (fingerprint) values (v_fingerprint) returning id into v_pool;
  insert into inventory.pool_location (location_id, pool_id) select l, v_pool from unnest(v_locations) as l;
  insert into inventory.pool_overlap (pool_id, other_id)
    select distinct v_pool, p.pool_id from inventory.pool_location p where p.location_id = any (v_locations)
    union select distinct p.pool_id, v_pool from inventory.pool_location p where p.location_id = any (v_locations);
  insert into inventory.pool_level (item_id, pool_id, usable, safety, stranded, demand)
    select item_id, v_pool, sum(usable), sum(safety), sum(stranded), sum(demand) from (
      select s.item_id, greatest(0, s.on_hand - s.reserved) as usable, least(s.safety, greatest(0, s.on_hand - s.reserved)) as safety,
             greatest(0, s.reserved - greatest(0, s.on_hand)) as stranded, 0::bigint as demand
        from inventory.stock_level s where s.account_id & 7 = 0 and s.account_id >> 3 = any (v_locations)
      union all
      select a.item_id, 0, 0, 0, a.quantity
        from inventory.allocation a
        join inventory.reservation r on r.id = a.reservation_id
        join inventory.pool_overlap o on o.pool_id = r.pool_id and o.other_id = v_pool
       where a.state = 1
    ) as t group by item_id;
  return v_pool;
end $$`;

const RECOMPUTE_CHANNEL = `
create function inventory.recompute_channel(p_channel integer) returns void language plpgsql as $$
declare
  v_pool integer := (select pool_id from inventory.channel_rule where channel_id = p_channel);
  v_item integer[];
begin
  select array_agg(item_id order by item_id) into v_item from inventory.pool_level where pool_id = v_pool;
  if v_item is not null then
    perform inventory.refresh(v_item, array_fill(v_pool, array[cardinality(v_item)]));
  end if;
  -- Items that only the channel's former pool knew are sold out here now.
  with gone as (
    update inventory.availability a set now = 0, version = a.version + 1, changed_at = clock_timestamp()
     where a.channel_id = p_channel and a.now <> 0
       and not exists (select from inventory.pool_level l where l.item_id = a.item_id and l.pool_id = v_pool)
    returning a.item_id
  )
  insert into inventory.dirty as d (channel_id, item_id, urgency)
  select p_channel, g.item_id, 0 from gone g
    join inventory.channel_rule r on r.channel_id = p_channel and r.connection_id is not null
   order by g.item_id
      on conflict (channel_id, item_id) do update set bumped = d.bumped or d.claim is not null, urgency = 0;
end $$`;

const SAVE_CHANNEL = `
create function inventory.save_channel(p_channel integer, p_locations integer[], p_connection integer) returns void language plpgsql as $$
declare
  v_before inventory.channel_rule;
  v_pool integer;
begin
  perform pg_advisory_xact_lock(7267, 1);
  select * into v_before from inventory.channel_rule where channel_id = p_channel;
  v_pool := inventory.ensure_pool(p_locations);
  insert into inventory.channel_rule as r (channel_id, pool_id, connection_id) values (p_channel, v_pool, p_connection)
    on conflict (channel_id) do update set pool_id = excluded.pool_id, connection_id = excluded.connection_id;
  if v_before.pool_id is distinct from v_pool then
    perform inventory.recompute_channel(p_channel);
  end if;
  if p_connection is null then
    delete from inventory.dirty where channel_id = p_channel;
  elsif v_before.connection_id is distinct from p_connection then
    -- A new listener knows nothing yet: it is told everything.
    update inventory.availability set published = null, published_version = null, published_at = null where channel_id = p_channel;
    insert into inventory.dirty as d (channel_id, item_id, urgency)
      select p_channel, item_id, case when now = 0 then 0 when now <= 3 then 1 else 2 end from inventory.availability where channel_id = p_channel order by item_id
      on conflict (channel_id, item_id) do update set bumped = d.bumped or d.claim is not null;
  end if;
end $$`;

const SET_RULES = `
create function inventory.set_rules(p_channel integer, p_safety_stock bigint, p_threshold bigint, p_buffer bigint, p_share_percent integer, p_cap bigint)
returns boolean language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7267, 1);
  update inventory.channel_rule set safety_stock = p_safety_stock, threshold = p_threshold, buffer = p_buffer, share_percent = p_share_percent, cap = p_cap
   where channel_id = p_channel;
  if not found then return false; end if;
  perform inventory.recompute_channel(p_channel);
  return true;
end $$`;

const SET_SAFETY = `
create function inventory.set_safety(p_item integer, p_account integer, p_safety bigint) returns void language plpgsql as $$
declare
  v_level inventory.stock_level;
  v_usable bigint;
begin
  perform pg_advisory_xact_lock_shared(7267, 1);
  insert into inventory.stock_level (item_id, account_id) values (p_item, p_account) on conflict do nothing;
  select * into v_level from inventory.stock_level where item_id = p_item and account_id = p_account for update;
  update inventory.stock_level set safety = p_safety where item_id = p_item and account_id = p_account;
  v_usable := greatest(0, v_level.on_hand - v_level.reserved);
  if least(p_safety, v_usable) <> least(v_level.safety, v_usable) then
    perform inventory.shift_locations(array[p_item], array[p_account >> 3], array[0::bigint], array[least(p_safety, v_usable) - least(v_level.safety, v_usable)], array[0::bigint]);
  end if;
end $$`;
