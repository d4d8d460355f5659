import type { MigrationInterface, QueryRunner } from 'typeorm';

const INDEXES = {
  delivery_feed: `(source_id, split_part(sender_key, ':', 2), id) where sender_key like 'feed:%'`,
  delivery_topic: '(source_id, topic, id)',
};

/**
 * Deliveries of one feed, or of one topic, newest first. The table is the largest of the intake and takes every webhook,
 * so that it is written to while its indexes are made; that needs no transaction around them. One that was left half
 * made by a kill is made anew.
 */
export class DeliveryFilters1700000019000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // It waits for every transaction that is older. One that never ends must not keep the hub from saying why it does not start.
    await runner.query(`set lock_timeout = '5min'`);
    for (const [name, of] of Object.entries(INDEXES)) {
      await runner.query(`drop index concurrently if exists intake.${name}`);
      await runner.query(`create index concurrently ${name} on intake.delivery ${of}`);
    }
    await runner.query('reset lock_timeout');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of Object.keys(INDEXES)) await runner.query(`drop index intake.${name}`);
  }
}
