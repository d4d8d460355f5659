import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { HubError } from '../../errors/index.js';
import { Database, type Queryable } from '../../persistence/database.js';
import { hashSecret } from '../client/key-format.js';
import { hashPassword } from '../session/password.js';
import type { NewSessionAnswer } from '../session/session-answer.dto.js';
import { Sessions, type SessionOrigin } from '../session/sessions.js';
import type { InvitationAnswer } from './user-answer.dto.js';

const VALID_SECONDS = 7 * 86_400;

/**
 * One-time tokens by which people set their own password, so that no password is ever known to two. A user has one at
 * most: a new one takes the place of the one before.
 */
@Injectable()
export class Invitations {
  constructor(
    private readonly database: Database,
    private readonly sessions: Sessions,
  ) {}

  async issue(tx: Queryable, userId: string): Promise<InvitationAnswer> {
    const token = `cdi_${randomBytes(32).toString('base64url')}`;
    const [invitation] = await tx.query<{ expiresAt: Date }>(
      `insert into governance.user_invitation (user_id, token_hash, expires_at) values ($1, $2, now() + make_interval(secs => $3))
       on conflict (user_id) do update set token_hash = excluded.token_hash, expires_at = excluded.expires_at returning expires_at as "expiresAt"`,
      [userId, hashSecret(token), VALID_SECONDS],
    );
    return { token, expiresAt: invitation?.expiresAt ?? new Date() };
  }

  async withdraw(tx: Queryable, userId: string): Promise<void> {
    await tx.execute('delete from governance.user_invitation where user_id = $1', [userId]);
  }

  /**
   * Sets the password of whoever was invited and begins a session. Of several acceptances at once one wins.
   * @throws HubError INVITATION_INVALID for a token that is unknown, used, replaced or too old, or whose user is disabled.
   */
  async accept(token: string, password: string, origin: Omit<SessionOrigin, 'begunBy'>): Promise<NewSessionAnswer> {
    const tokenHash = hashSecret(token);
    // Asked before the password is hashed, which is slow on purpose: strangers must not have the hub do it.
    const known = await this.database.query('select 1 from governance.user_invitation where token_hash = $1 and expires_at > now()', [tokenHash]);
    if (known.length === 0) throw new HubError('INVITATION_INVALID');
    const passwordHash = await hashPassword(password);
    return this.database.transaction(async (tx) => {
      const [invited] = await tx.query<{ userId: string }>('delete from governance.user_invitation where token_hash = $1 and expires_at > now() returning user_id as "userId"', [tokenHash]);
      const set = invited && (await tx.execute('update governance.user_account set password_hash = $2 where id = $1 and disabled_at is null', [invited.userId, passwordHash]));
      if (!invited || !set) throw new HubError('INVITATION_INVALID');
      return this.sessions.begin(invited.userId, { ...origin, begunBy: 'invitation' }, passwordHash, tx);
    });
  }
}
