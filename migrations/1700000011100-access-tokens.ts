import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Access tokens of OAuth 2, of which only hashes are kept. A token goes with the key that it was issued for. */
export class AccessTokens1700000011100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table governance.access_token (
      token_hash bytea primary key,
      key_id uuid not null references governance.api_key (id) on delete cascade,
      scopes text[] not null,
      created_at timestamptz not null default clock_timestamp(),
      expires_at timestamptz not null)`);
    await runner.query('create index access_token_key on governance.access_token (key_id, created_at)');
    await runner.query('create index access_token_expiry on governance.access_token (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table governance.access_token');
  }
}
