import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Connections and their sealed credentials. Secrets stand here only as AES-256-GCM ciphertext; the key never enters
 * the database. `revision` grows with every change of either table, so that a replica learns with one tiny read
 * whether its copy in memory is still true.
 */
export class Connector1700000005000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table connector.connection (
        source_id integer primary key default nextval('governance.source_id'),
        id text not null unique check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
        name text not null check (length(name) between 1 and 200),
        plugin text not null,
        config jsonb not null check (jsonb_typeof(config) = 'object'),
        enabled boolean not null,
        match_items_by text not null check (match_items_by in ('reference', 'sku')),
        allow_private_network boolean not null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
      )`);
    // The newest generation of a field is the live secret; older ones stay valid until their time is over.
    await runner.query(`
      create table connector.credential (
        source_id integer not null references connector.connection on delete cascade,
        field text not null,
        generation integer not null,
        sealed bytea not null,
        key_id text not null,
        stored_at timestamptz not null default now(),
        valid_until timestamptz,
        primary key (source_id, field, generation)
      )`);
    await runner.query(`
      create table connector.revision (
        one_row boolean primary key default true check (one_row),
        value bigint not null
      )`);
    await runner.query('insert into connector.revision (value) values (1)');
    await runner.query(`
      create function connector.count_revision() returns trigger language plpgsql as $$
      begin
        update connector.revision set value = value + 1;
        return null;
      end $$`);
    for (const table of ['connection', 'credential']) {
      await runner.query(`
        create trigger count_revision after insert or update or delete on connector.${table}
        for each statement execute function connector.count_revision()`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['credential', 'connection', 'revision']) await runner.query(`drop table connector.${table}`);
    await runner.query('drop function connector.count_revision()');
  }
}
