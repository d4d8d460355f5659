import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Ways into the queue board: each is good once and for a minute, on every replica, and dies with the session that asked for it. */
export class BoardTickets1700000016200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table orchestration.board_ticket (
      ticket_hash bytea primary key,
      session_id uuid not null references governance.admin_session (id) on delete cascade,
      expires_at timestamptz not null)`);
    await runner.query('create index board_ticket_session on orchestration.board_ticket (session_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table orchestration.board_ticket');
  }
}
