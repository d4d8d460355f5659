import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When the present reading of a feed began, at its first row or its last reset: until it has had everything once, that is how far it is behind. */
export class FeedLag1700000013100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table intake.feed add column began_at timestamptz not null default intake.clock()');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table intake.feed drop column began_at');
  }
}
