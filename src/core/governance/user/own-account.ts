import { Injectable } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { Database } from '../../persistence/database.js';
import type { UserCaller } from '../access.js';
import { hashPassword, verifyPassword } from '../session/password.js';
import type { NewSessionAnswer } from '../session/session-answer.dto.js';
import { Sessions } from '../session/sessions.js';
import { Tries } from '../session/tries.js';
import { Invitations } from './invitations.js';

/** Whoever has found a session open must not guess the password by it. */
const BY_USER = { name: 'own password', most: 5, windowSeconds: 15 * 60 };

/** What users do to their own account. */
@Injectable()
export class OwnAccount {
  constructor(
    private readonly database: Database,
    private readonly sessions: Sessions,
    private readonly tries: Tries,
    private readonly invitations: Invitations,
  ) {}

  /**
   * Ends all other sessions of the user, and gives this one a new token.
   * @throws HubError PASSWORD_WRONG, TOO_MANY_ATTEMPTS; CONFLICT for an account that has no password.
   */
  async changePassword({ userId, sessionId }: UserCaller, current: string, next: string): Promise<NewSessionAnswer> {
    const counted = { limit: BY_USER, of: userId };
    const [account] = await this.database.query<{ hash: string | null }>('select password_hash as hash from governance.user_account where id = $1', [userId]);
    const hash = account?.hash;
    if (hash == null) throw new HubError('CONFLICT', { detail: 'The account has no password; an admin can reset it, so that you set one.' });
    await this.tries.begin(counted);
    if (!(await this.tries.judge(() => verifyPassword(current, hash), counted))) throw new HubError('PASSWORD_WRONG', { errors: [{ pointer: '/currentPassword', detail: 'is wrong' }] });
    const nextHash = await hashPassword(next);
    const session = await this.database.transaction(async (tx) => {
      const changed = await tx.execute('update governance.user_account set password_hash = $3 where id = $1 and password_hash = $2', [userId, hash, nextHash]);
      if (changed === 0) throw new HubError('CONFLICT', { detail: 'The password was changed or reset at this moment.' });
      await this.invitations.withdraw(tx, userId);
      await this.sessions.endAll(userId, sessionId, tx);
      return this.sessions.rotate(sessionId, tx);
    });
    await this.tries.forget(counted);
    return session;
  }
}
