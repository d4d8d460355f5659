import { Injectable } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { Database } from '../../persistence/database.js';
import { NOBODYS_PASSWORD, verifyPassword } from './password.js';
import type { NewSessionAnswer } from './session-answer.dto.js';
import { Sessions, type SessionOrigin } from './sessions.js';
import { countedAddress, Tries } from './tries.js';

const MINUTES_15 = 15 * 60;
/** Many accounts tried from one address, one account tried from many, and one from one. */
const BY_ADDRESS = { name: 'sign-in by address', most: 50, windowSeconds: MINUTES_15 };
const BY_ACCOUNT = { name: 'sign-in by account', most: 100, windowSeconds: MINUTES_15 };
const BY_BOTH = { name: 'sign-in by account and address', most: 5, windowSeconds: MINUTES_15 };

/** The door for people with a password. */
@Injectable()
export class SignIn {
  constructor(
    private readonly database: Database,
    private readonly sessions: Sessions,
    private readonly tries: Tries,
  ) {}

  /**
   * Begins a session. A wrong password, an unknown account, one without a password and a disabled one are refused
   * alike, in the same time.
   * @throws HubError UNAUTHENTICATED, TOO_MANY_ATTEMPTS
   */
  async withPassword(email: string, password: string, origin: Omit<SessionOrigin, 'begunBy'>): Promise<NewSessionAnswer> {
    const address = { limit: BY_ADDRESS, of: countedAddress(origin.address) };
    const account = { limit: BY_ACCOUNT, of: email.toLowerCase() };
    const both = { limit: BY_BOTH, of: `${account.of} ${address.of}` };
    await this.tries.begin(address, account, both);
    const [user] = await this.database.query<{ id: string; hash: string | null }>(
      'select id, password_hash as hash from governance.user_account where lower(email) = lower($1) and disabled_at is null', [email]);
    const hash = user?.hash ?? NOBODYS_PASSWORD;
    const right = await this.tries.judge(() => verifyPassword(password, hash), address, account, both);
    if (!user || !right) throw new HubError('UNAUTHENTICATED', { detail: 'The account or the password is wrong.' });
    const session = await this.sessions.begin(user.id, { ...origin, begunBy: 'password' }, hash);
    await this.tries.forget(both);
    // One account that opens says nothing for the other accounts that were tried from there, nor the other way round.
    await this.tries.takeBack(address, account);
    return session;
  }
}
