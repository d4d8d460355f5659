import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The keys that secrets are sealed with, each wrapped by a master key that never enters the database. A new master key
 * wraps these few rows anew; what is sealed with them stays as it is.
 */
export class DataKeys1700000011200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create schema vault');
    await runner.query(`create table vault.data_key (
      id text primary key,
      purpose text not null unique,
      wrapped bytea not null,
      master_key_id text not null,
      made_at timestamptz not null default clock_timestamp())`);
    await runner.query('create index data_key_master on vault.data_key (master_key_id)');
    // The rotation that is under way, or was the last: whoever goes on with it after a crash reads here where to.
    await runner.query(`create table vault.rotation (
      only_one boolean primary key default true check (only_one),
      to_key text not null,
      total integer not null,
      started_at timestamptz not null default clock_timestamp(),
      finished_at timestamptz)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop schema vault cascade');
  }
}
