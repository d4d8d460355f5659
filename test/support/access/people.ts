import { randomBytes } from 'node:crypto';
import type { UserRole } from '../../../src/core/governance/access.js';
import { hashSecret } from '../../../src/core/governance/client/key-format.js';
import type { Database } from '../../../src/core/persistence/database.js';
import type { TestApp } from '../app.js';

/**
 * The token of a session of a new user, written straight into the database: hashing a password for each would take most
 * of a test's time. `then` is a statement run on it, with the token's hash as $1.
 */
export async function newSession(database: Database, role: UserRole, then?: string): Promise<string> {
  const token = `cds_${randomBytes(32).toString('base64url')}`;
  await database.execute(
    `with person as (insert into governance.user_account (email, role) values ($1, $2) returning id)
     insert into governance.admin_session (token_hash, user_id, expires_at) select $3, id, now() + interval '1 hour' from person`,
    [`${randomBytes(9).toString('hex')}@example.test`, role, hashSecret(token)],
  );
  if (then !== undefined) await database.execute(then, [hashSecret(token)]);
  return token;
}

/** A user who signs in by `password`, made as an admin makes one: invited, and accepted. */
export async function newUser(hub: TestApp, role: UserRole, email: string, password: string): Promise<{ id: string; token: string }> {
  const made = await hub.call('POST', '/admin/v1/users', { email, role }, { token: hub.adminToken });
  const accepted = await hub.call('POST', '/admin/v1/invitations/accept', { token: (made.body.invitation as { token: string }).token, password });
  return { id: made.body.id as string, token: accepted.body.token as string };
}

/** As if `failures` tries had failed already under a limit of that name; each real one costs a slow hash. */
export async function haveFailed(database: Database, limit: string, of: string, failures: number): Promise<void> {
  await database.execute(`insert into governance.failed_try (key, failures, ends_at) values ($1, $2, now() + interval '15 minutes')`, [hashSecret(`${limit}\0${of}`), failures]);
}
