import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Failed tries counted for all processes together, and people who sign in through an identity provider (OpenID Connect). */
export class SignIn1700000010100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table governance.user_account add column last_signed_in_at timestamptz');
    // The key is a hash: people type passwords where an address belongs.
    await runner.query(`create table governance.failed_try (
      key bytea primary key,
      failures integer not null,
      ends_at timestamptz not null)`);
    await runner.query('create index failed_try_end on governance.failed_try (ends_at)');
    // Whom a provider means by a subject. The subject is the provider's, never an e-mail address, which may change hands.
    await runner.query(`create table governance.user_identity (
      issuer text not null,
      subject text not null,
      user_id uuid not null references governance.user_account on delete cascade,
      linked_at timestamptz not null default now(),
      primary key (issuer, subject))`);
    await runner.query('create index user_identity_user on governance.user_identity (user_id)');
    // A sign-in on its way through the provider: taken out by the answer that comes back, so that no answer counts twice.
    await runner.query(`create table governance.oidc_sign_in (
      state_hash bytea primary key,
      expires_at timestamptz not null)`);
    await runner.query('create index oidc_sign_in_expiry on governance.oidc_sign_in (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['oidc_sign_in', 'user_identity', 'failed_try']) await runner.query(`drop table governance.${table}`);
    await runner.query('alter table governance.user_account drop column last_signed_in_at');
  }
}
