import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * People get roles, and accounts that can be invited and disabled. The version before knows one kind of user, who may do
 * everything: what it calls `admin_user` becomes a view of the active admins, so that during a rolling upgrade its
 * replicas know nobody who may do less.
 */
export class Users1700000010000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table governance.admin_user rename to user_account');
    await runner.query('alter index governance.admin_user_email rename to user_account_email');
    // A user who was invited, or who signs in elsewhere, has no password here.
    await runner.query('alter table governance.user_account alter column password_hash drop not null');
    await runner.query(`alter table governance.user_account
      add column role text not null default 'admin' check (role in ('viewer', 'operator', 'integrator', 'admin')),
      add column name text,
      add column disabled_at timestamptz`);
    await runner.query(`create view governance.admin_user as
      select id, email, password_hash, created_at from governance.user_account where role = 'admin' and disabled_at is null`);
    // The token stays secret, so a session has an id to be listed and ended by.
    await runner.query(`alter table governance.admin_session
      add column id uuid not null default gen_random_uuid() unique,
      add column begun_by text not null default 'password' check (begun_by in ('password', 'invitation', 'oidc')),
      add column address text,
      add column user_agent text`);
    await runner.query('create index admin_session_user on governance.admin_session (user_id)');
    await runner.query(`create table governance.user_invitation (
      user_id uuid primary key references governance.user_account on delete cascade,
      token_hash bytea not null unique,
      expires_at timestamptz not null)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table governance.user_invitation');
    await runner.query('drop index governance.admin_session_user');
    await runner.query('alter table governance.admin_session drop column id, drop column begun_by, drop column address, drop column user_agent');
    await runner.query('drop view governance.admin_user');
    await runner.query(`delete from governance.user_account where role <> 'admin' or disabled_at is not null or password_hash is null`);
    await runner.query('alter table governance.user_account drop column role, drop column name, drop column disabled_at, alter column password_hash set not null');
    await runner.query('alter index governance.user_account_email rename to admin_user_email');
    await runner.query('alter table governance.user_account rename to admin_user');
  }
}
