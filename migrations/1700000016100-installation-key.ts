import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which key the installation's processes seal with, so that a replica that was given another one notices at its start. */
export class InstallationKey1700000016100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table orchestration.installation add column key_id text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table orchestration.installation drop column key_id');
  }
}
