import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Items, locations and channels. `code` is the id that callers use, for ever the same; `id` is the number that hot
 * tables carry in its stead. Collation C compares codes byte by byte and gives paging one order on every machine.
 */
export class Catalog1700000004000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table catalog.item (
        id integer generated always as identity primary key,
        code text collate "C" not null unique,
        name text not null,
        -- Never null: an item without a SKU of its own answers to its code, and the unique key covers that promise too.
        sku text collate "C" not null constraint item_sku_once unique,
        gtin text collate "C",
        unit text not null,
        updated_at timestamptz not null default now()
      )`);
    await runner.query('create index item_by_gtin on catalog.item (gtin) where gtin is not null');
    await runner.query(`
      create table catalog.location (
        id integer generated always as identity primary key,
        code text collate "C" not null unique,
        name text not null,
        type text not null,
        -- The connection whose counts and adjustments are believed here: its public id, and its number as a source of facts.
        owner text collate "C",
        owner_source_id integer,
        updated_at timestamptz not null default now(),
        check ((owner is null) = (owner_source_id is null))
      )`);
    await runner.query(`
      create table catalog.channel (
        id integer generated always as identity primary key,
        code text collate "C" not null unique,
        name text not null,
        connection text collate "C",
        -- Two channels would overwrite one another's figures in the one outside system behind a connection.
        connection_source_id integer constraint channel_connection_once unique,
        updated_at timestamptz not null default now(),
        check ((connection is null) = (connection_source_id is null))
      )`);
    await runner.query(`
      create table catalog.channel_location (
        channel_id integer not null references catalog.channel (id),
        location_id integer not null references catalog.location (id),
        primary key (channel_id, location_id)
      )`);
    // Grows in the transaction of each change, so that every replica can tell whether what it remembers still holds.
    await runner.query('create table catalog.revision (name text collate "C" primary key, revision bigint not null)');
    await runner.query(`insert into catalog.revision values ('skus', 1), ('channels', 1)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['revision', 'channel_location', 'channel', 'location', 'item']) await runner.query(`drop table catalog.${table}`);
  }
}
