import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Posting: the ledger's movements on their way into the books of outside systems. The ledger is the outbox; a book is a
 * cursor on it. What cannot be written for a reason of its own is held beside the cursor, by its place in the ledger.
 */
export class Posting1700000013500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['held_posting', 'posting_book', 'installation']) await runner.query(`drop table inventory.${table}`);
  }
}

const STATEMENTS = [
  // Goes into the key of every posting, so that two hubs which write into the same books never share one. A backup carries
  // it along on purpose: the same movement has the same key in the hub that was restored.
  'create table inventory.installation (only_one boolean primary key default true check (only_one), id uuid not null default gen_random_uuid())',
  'insert into inventory.installation default values',

  // One worker writes into a book at a time. The fence grows with each claim: who lost the lease can settle nothing.
  `create table inventory.posting_book (
    source_id integer primary key,
    state text collate "C" not null check (state in ('running', 'paused')),
    started_from text collate "C" not null,
    started_at timestamptz not null,
    -- Set where posting began at a moment: what was committed by then is none of its business. A position alone could not
    -- say so, since a transaction that is still open lies before others that are not.
    starts_after pg_snapshot,
    -- Everything up to here is settled: written, none of this book's business, or held.
    cursor_tx xid8 not null,
    cursor_batch bigint not null,
    cursor_n integer not null,
    fence bigint not null default 0,
    holder text,
    claimed_until timestamptz not null default '-infinity',
    failures integer not null default 0,
    pause_ms integer not null default 0,
    not_before timestamptz not null default '-infinity',
    last_error text,
    last_error_at timestamptz,
    last_posted_at timestamptz,
    applied bigint not null default 0,
    duplicate bigint not null default 0,
    unchanged bigint not null default 0,
    discarded bigint not null default 0
  ) with (fillfactor = 50)`,

  `create table inventory.held_posting (
    id bigint generated always as identity primary key,
    source_id integer not null references inventory.posting_book on delete cascade,
    batch_id bigint not null,
    n integer not null,
    class text collate "C" not null check (class in ('UNMAPPED_ITEM', 'REJECTED', 'DELAYED')),
    cause text collate "C" not null,
    detail text not null,
    -- The canonical id of the item whose cross-reference would end it.
    waits_for text collate "C",
    held_at timestamptz not null,
    due_at timestamptz,
    attempts integer not null default 0,
    pause_ms integer not null default 0,
    unique (source_id, batch_id, n)
  )`,
  'create index held_posting_cause on inventory.held_posting (source_id, class, cause, id)',
  'create index held_posting_due on inventory.held_posting (source_id, due_at) where due_at is not null',
  'create index held_posting_waits on inventory.held_posting (waits_for, source_id) where waits_for is not null',
];
