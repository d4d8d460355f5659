import { randomBytes } from 'node:crypto';
import type { UserRole } from '../../../src/core/governance/access.js';
import { hashSecret } from '../../../src/core/governance/client/key-format.js';
import type { Database } from '../../../src/core/persistence/database.js';

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
