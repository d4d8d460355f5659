import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The schemas, one for each owner of tables, and the one sequence that numbers every source of facts. */
export class Foundation1700000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const schema of ['governance', 'connector', 'intake', 'mapping', 'catalog', 'inventory']) await runner.query(`create schema ${schema}`);
    // API clients and connections are both sources of facts: one sequence keeps (source, event id, line) unambiguous.
    await runner.query('create sequence governance.source_id as integer');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop sequence governance.source_id');
    for (const schema of ['inventory', 'catalog', 'mapping', 'intake', 'connector', 'governance']) await runner.query(`drop schema ${schema} cascade`);
  }
}
