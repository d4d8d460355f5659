import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may call the hub: the claim of a fresh hub, its admins and their sessions, and the clients of the business API. */
export class Governance1700000002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // One row at most: the primary key decides which of several claims at once has won.
    await runner.query(`create table governance.hub_claim (
      only_one boolean primary key default true check (only_one),
      claimed_at timestamptz not null default now())`);
    // Each process prints a token of its own until the hub is claimed, and all of them are good.
    await runner.query(`create table governance.setup_token (
      token_hash bytea primary key,
      made_at timestamptz not null default clock_timestamp())`);
    await runner.query(`create table governance.admin_user (
      id uuid primary key default gen_random_uuid(),
      email text not null,
      password_hash text not null,
      created_at timestamptz not null default now())`);
    await runner.query('create unique index admin_user_email on governance.admin_user (lower(email))');
    await runner.query(`create table governance.admin_session (
      token_hash bytea primary key,
      user_id uuid not null references governance.admin_user on delete cascade,
      created_at timestamptz not null default now(),
      last_seen_at timestamptz not null default now(),
      expires_at timestamptz not null)`);
    await runner.query('create index admin_session_expiry on governance.admin_session (expires_at)');
    // A client is never deleted: its source id stands in the ledger for ever.
    await runner.query(`create table governance.api_client (
      source_id integer primary key default nextval('governance.source_id'),
      id text not null unique,
      name text not null,
      scopes text[] not null,
      created_at timestamptz not null default now(),
      revoked_at timestamptz)`);
    await runner.query(`create table governance.api_key (
      secret_hash bytea primary key,
      client_source_id integer not null references governance.api_client on delete cascade,
      created_at timestamptz not null default clock_timestamp(),
      expires_at timestamptz)`);
    await runner.query('create index api_key_client on governance.api_key (client_source_id)');
    // Bumped with every change of clients and keys, so that replicas ask one row whether their copy is still true.
    await runner.query('create table governance.access_version (only_one boolean primary key default true check (only_one), version bigint not null)');
    await runner.query('insert into governance.access_version (version) values (1)');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['access_version', 'api_key', 'api_client', 'admin_session', 'admin_user', 'setup_token', 'hub_claim']) await runner.query(`drop table governance.${table}`);
  }
}
