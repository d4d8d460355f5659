import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Clients that are limited to some of the retailer's objects. The version before knows nothing of that and would let
 * them do everything that their scopes open, so the scopes of a limited client stand where it does not look: to it, such
 * a client has none, and it cannot give it any.
 */
export class ClientGrants1700000018000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table governance.api_client
      add column limited_to jsonb,
      add column limited_scopes text[],
      add constraint limited_scopes_stand_aside check ((limited_to is null) = (limited_scopes is null) and (limited_to is null or scopes = '{}'))`);
  }

  /** Limited clients are left without scopes. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table governance.api_client drop constraint limited_scopes_stand_aside, drop column limited_to, drop column limited_scopes');
  }
}
