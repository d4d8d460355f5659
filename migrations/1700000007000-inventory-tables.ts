import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The inventory module's tables. Item, location, channel and source ids are the catalogue's and governance's surrogate
 * ids; no foreign key crosses a module, and inventory keeps its own projections (channel_rule, pool, location_owner).
 *
 * An account is one integer: `location_id * 8 + condition` (0 sellable, 1 damaged, 2 quality control, 3 in transit);
 * below 8 stand the virtual accounts that make each movement two-sided: 0 supplier, 1 customer, 2 loss, 3 opening.
 */
export class InventoryTables1700000007000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop schema inventory cascade');
    await runner.query('create schema inventory');
  }
}

const STATEMENTS = [
  // One row a ledger transaction. `tx` gives the feed its safe watermark: rows of a transaction that is still open lie
  // at or above pg_snapshot_xmin, so a reader below it can never skip a late committer, as a max-id cursor would.
  // The number is taken when a batch begins, since its movements carry it; the row is written last, so that its moment is
  // as near as can be to the one at which the batch takes effect.
  'create sequence inventory.ledger_batch_number',
  `create table inventory.ledger_batch (
    id bigint primary key,
    tx xid8 not null default pg_current_xact_id(),
    recorded_at timestamptz not null default clock_timestamp()
  )`,
  'create index ledger_batch_feed on inventory.ledger_batch (tx, id)',
  'create index ledger_batch_recorded on inventory.ledger_batch (recorded_at)',

  // Kept for ever and narrow, apart from the movements, so that those can be partitioned and retired by month.
  `create table inventory.movement_key (
    source_id integer not null,
    event_id text collate "C" not null,
    line text collate "C" not null,
    batch_id bigint not null,
    primary key (source_id, event_id, line)
  )`,

  `create table inventory.movement (
    batch_id bigint not null,
    n integer not null,
    item_id integer not null,
    quantity bigint not null check (quantity > 0),
    from_account integer not null,
    to_account integer not null check (to_account <> from_account),
    kind smallint not null,
    source_id integer not null,
    event_id text not null,
    line text not null,
    occurred_at timestamptz not null,
    correlation_id text not null,
    primary key (batch_id, n)
  )`,
  // Batch ids grow with recorded time, so this one index serves the ledger of an item and the sum since an as-of.
  'create index movement_item on inventory.movement (item_id, batch_id)',

  `create table inventory.stock_level (
    item_id integer not null,
    account_id integer not null check (account_id >= 8),
    on_hand bigint not null default 0,
    reserved bigint not null default 0 check (reserved >= 0),
    safety bigint not null default 0 check (safety >= 0),
    observed_as_of timestamptz,
    observed_event text,
    primary key (item_id, account_id)
  ) with (fillfactor = 80)`,

  // A separate table: an index on stock_level that mentions on_hand would end its heap-only updates.
  `create table inventory.negative_stock (
    item_id integer not null,
    account_id integer not null,
    since timestamptz not null default clock_timestamp(),
    primary key (item_id, account_id)
  )`,

  `create table inventory.location_owner (
    location_id integer primary key,
    source_id integer not null
  )`,

  // A pool is a set of locations; channels with the same set share it.
  `create table inventory.pool (
    id integer generated always as identity primary key,
    fingerprint text not null unique
  )`,
  `create table inventory.pool_location (
    location_id integer not null,
    pool_id integer not null references inventory.pool,
    primary key (location_id, pool_id)
  )`,
  // Both directions, and each pool with itself: a network hold on one pool is demand in every pool that shares a location.
  `create table inventory.pool_overlap (
    pool_id integer not null references inventory.pool,
    other_id integer not null references inventory.pool,
    primary key (pool_id, other_id)
  )`,
  `create table inventory.pool_level (
    item_id integer not null,
    pool_id integer not null,
    usable bigint not null default 0,
    safety bigint not null default 0,
    stranded bigint not null default 0,
    demand bigint not null default 0 check (demand >= 0),
    primary key (item_id, pool_id)
  ) with (fillfactor = 80)`,

  `create table inventory.channel_rule (
    channel_id integer primary key,
    pool_id integer not null references inventory.pool,
    connection_id integer,
    safety_stock bigint not null default 0 check (safety_stock >= 0),
    threshold bigint not null default 0 check (threshold >= 0),
    buffer bigint not null default 0 check (buffer >= 0),
    share_percent integer not null default 100 check (share_percent between 0 and 100),
    cap bigint check (cap >= 0)
  )`,
  'create index channel_rule_pool on inventory.channel_rule (pool_id)',

  `create table inventory.availability (
    item_id integer not null,
    channel_id integer not null,
    now bigint not null check (now >= 0),
    version bigint not null default 1,
    changed_at timestamptz not null default clock_timestamp(),
    published bigint,
    published_version bigint,
    published_at timestamptz,
    fault text,
    primary key (item_id, channel_id)
  ) with (fillfactor = 70)`,

  // At most one row for an item and channel: a burst of sales changes it, never lengthens a queue.
  `create table inventory.dirty (
    channel_id integer not null,
    item_id integer not null,
    urgency smallint not null,
    since timestamptz not null default clock_timestamp(),
    claim bigint,
    claimed_until timestamptz,
    bumped boolean not null default false,
    not_before timestamptz,
    attempts integer not null default 0,
    last_error text,
    primary key (channel_id, item_id)
  ) with (fillfactor = 50)`,
  'create sequence inventory.claim',

  `create table inventory.reservation (
    id bigint generated always as identity primary key,
    source_id integer not null,
    key text collate "C" not null,
    channel_id integer not null,
    pool_id integer not null,
    digest text not null,
    state smallint not null,
    expires_at timestamptz not null,
    created_at timestamptz not null default clock_timestamp(),
    settled_at timestamptz,
    correlation_id text not null,
    unique (source_id, key)
  )`,
  'create index reservation_due on inventory.reservation (expires_at) where state = 1',
  `create table inventory.allocation (
    reservation_id bigint not null references inventory.reservation,
    line integer not null,
    item_id integer not null,
    quantity bigint not null check (quantity > 0),
    state smallint not null,
    primary key (reservation_id, line)
  )`,
  'create index allocation_item_held on inventory.allocation (item_id) where state = 1',
];
