import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Cross-references: what an outside system calls an item or a location, and what the hub calls it. External ids are
 * opaque bytes of another system (collation C: compared byte by byte, never folded or sorted by a language's rules).
 */
export class Mapping1700000003000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table mapping.cross_reference (
        source_id integer not null,
        entity text collate "C" not null check (entity in ('item', 'location')),
        ref_type text collate "C" not null,
        external_id text collate "C" not null,
        canonical text collate "C" not null,
        -- An alias is understood when it comes in and never used when the hub speaks: several old ids may mean one item.
        alias boolean not null default false,
        updated_at timestamptz not null default now(),
        primary key (source_id, entity, ref_type, external_id)
      )`);
    // The reverse direction must have one answer, so the database itself refuses a second one.
    await runner.query(`
      create unique index cross_reference_spoken on mapping.cross_reference (source_id, entity, ref_type, canonical) where not alias`);
    // Grows in the transaction of each change, so that every replica can tell whether what it remembers still holds.
    await runner.query('create table mapping.revision (name text collate "C" primary key, revision bigint not null)');
    await runner.query(`insert into mapping.revision values ('cross-references', 1)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table mapping.revision');
    await runner.query('drop table mapping.cross_reference');
  }
}
