import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What outside systems list, kept beside the cross-references: a person matches against it, and a reference to something
 * that is not listed any more is found. Matches are not stored here: they follow from both sides at the moment of asking,
 * so a catalogue that changes leaves nothing stale behind.
 */
export class OutsideCatalog1700000014000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const index of ['item_by_gtin14', 'item_by_folded_sku', 'item_by_folded_name']) await runner.query(`drop index catalog.${index}`);
    for (const name of ['fold_sku', 'fold_name']) await runner.query(`drop function catalog.${name}(text)`);
    for (const table of ['outside_entry', 'survey']) await runner.query(`drop table mapping.${table}`);
  }
}

const STATEMENTS = [
  `create table mapping.outside_entry (
    source_id integer not null,
    entity text collate "C" not null check (entity in ('item', 'location')),
    ref_type text collate "C" not null,
    external_id text collate "C" not null,
    name text not null,
    sku text collate "C",
    code text collate "C",
    gtins text[] not null default '{}',
    unit text,
    kind text,
    active boolean not null,
    -- A person said that this one is to be left alone.
    ignored boolean not null default false,
    -- The number of the last survey that saw it: one that is smaller than the last whole survey's is not listed any more.
    survey bigint not null,
    first_seen_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    primary key (source_id, entity, ref_type, external_id)
  )`,
  'create index outside_entry_sku on mapping.outside_entry (source_id, entity, ref_type, sku) where sku is not null',

  // One survey of an entity at a time; the next one begins where a kill left this one. The fence grows with each claim.
  `create table mapping.survey (
    source_id integer not null,
    entity text collate "C" not null check (entity in ('item', 'location')),
    number bigint not null default 0,
    -- The last survey that came to its end.
    completed bigint not null default 0,
    state text collate "C" not null default 'waiting' check (state in ('waiting', 'running', 'done', 'cancelled')),
    cursor text,
    pages integer not null default 0,
    entries integer not null default 0,
    started_at timestamptz,
    finished_at timestamptz,
    due_at timestamptz not null default now(),
    fence bigint not null default 0,
    claimed_until timestamptz not null default '-infinity',
    failures integer not null default 0,
    last_error text,
    primary key (source_id, entity)
  )`,

  // How people and systems write one SKU differently: case, dashes, spaces, leading zeros.
  `create function catalog.fold_sku(text) returns text language sql immutable strict parallel safe as $$
    select nullif(ltrim(upper(regexp_replace($1, '[^A-Za-z0-9]', '', 'g')), '0'), '')
  $$`,
  `create function catalog.fold_name(text) returns text language sql immutable strict parallel safe as $$
    select nullif(btrim(lower(regexp_replace($1, '[^[:alnum:]]+', ' ', 'g'))), '')
  $$`,
  'create index item_by_folded_sku on catalog.item (catalog.fold_sku(sku))',
  'create index item_by_folded_name on catalog.item (catalog.fold_name(name))',
  `create index item_by_gtin14 on catalog.item (lpad(gtin, 14, '0')) where gtin is not null`,
];
