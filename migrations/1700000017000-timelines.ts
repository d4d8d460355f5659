import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Finding by correlation id. Of the hot tables a hash of the id is indexed: an entry a third as large as with the id
 * itself, and one that stays cheap where a caller gives everything the same id (docs/adr/0019-timelines-by-an-index-on-a-hash.md).
 *
 * These tables may be large and are written to while the version before serves on: the indexes are built beside the
 * writers, which no transaction allows. What a build that was broken off left behind is taken away first.
 */
export class Timelines1700000017000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // It waits for every transaction that is older. One that never ends must not keep the hub from saying why it does not start.
    await runner.query(`set lock_timeout = '5min'`);
    for (const [name, on] of INDEXES) {
      await runner.query(`drop index concurrently if exists ${name}`);
      await runner.query(`create index concurrently ${name.split('.')[1]} on ${on}`);
    }
    await runner.query('reset lock_timeout');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [name] of INDEXES) await runner.query(`drop index concurrently if exists ${name}`);
  }
}

const INDEXES = [
  ['intake.delivery_correlation', 'intake.delivery (hashtext(correlation_id))'],
  ['inventory.movement_correlation', 'inventory.movement (hashtext(correlation_id))'],
  ['audit.entry_correlation', `audit.entry ((content::jsonb ->> 'correlationId'))`],
] as const;
