import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A name for the installation, so that two hubs that are given one Redis by mistake do not take each other's rings. */
export class Orchestration1700000016000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create schema orchestration');
    await runner.query(`create table orchestration.installation (
      only_row boolean primary key default true check (only_row),
      id uuid not null default gen_random_uuid())`);
    await runner.query('insert into orchestration.installation default values');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop schema orchestration cascade');
  }
}
