import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { HubError } from '../../errors/index.js';
import { Coalescer } from '../../persistence/coalescer.js';
import { Database } from '../../persistence/database.js';
import type { UserCaller, UserRole } from '../access.js';
import { hashSecret } from '../client/key-format.js';
import { Attempts } from './attempts.js';
import { NOBODYS_PASSWORD, verifyPassword } from './password.js';
import type { NewSessionAnswer } from './session.dto.js';

/** A session ends this long after it was begun, whatever it did, and this long after it was last used. */
export const ABSOLUTE_SECONDS = 12 * 3_600;
export const IDLE_SECONDS = 2 * 3_600;
const MINUTES_15 = 15 * 60_000;
const TOKEN = /^cds_[A-Za-z0-9_-]{43}$/;

interface SessionRow {
  token_hash: Buffer;
  session_id: string;
  user_id: string;
  email: string;
  role: UserRole;
  seen_before: boolean;
}

/** Sessions of users: opaque tokens, of which the hub keeps only hashes. */
@Injectable()
export class Sessions {
  private readonly byAccountAndAddress = new Attempts(5, MINUTES_15);
  /** Many accounts tried from one address, and one account tried from many. */
  private readonly byAddress = new Attempts(50, MINUTES_15);
  private readonly byAccount = new Attempts(100, MINUTES_15);
  /** Tokens shown at the same moment cost one round trip, not one each. */
  private readonly lookups: Coalescer<Buffer, UserCaller | undefined>;

  constructor(private readonly database: Database) {
    this.lookups = new Coalescer((hashes) => this.lookUp(hashes), 200);
  }

  /**
   * Begins a session. A wrong password, an unknown account and a disabled one are refused alike, in the same time.
   * @throws HubError UNAUTHENTICATED, TOO_MANY_ATTEMPTS
   */
  async begin(email: string, password: string, address: string): Promise<NewSessionAnswer> {
    const account = email.toLowerCase();
    const pair = `${account} ${address}`;
    this.byAccountAndAddress.begin(pair);
    this.byAddress.begin(address);
    this.byAccount.begin(account);
    const [user] = await this.database.query<{ id: string; password_hash: string | null }>(
      'select id, password_hash from governance.user_account where lower(email) = $1 and disabled_at is null', [account]);
    const right = await verifyPassword(password, user?.password_hash ?? NOBODYS_PASSWORD);
    if (!user || !right) throw new HubError('UNAUTHENTICATED', { detail: 'The account or the password is wrong.' });
    this.byAccountAndAddress.clear(pair);
    // One account that opens says nothing for the other accounts that were tried from there, nor the other way round.
    this.byAddress.takeBack(address);
    this.byAccount.takeBack(account);
    return this.issue(user.id);
  }

  /**
   * The user whose session this is, or undefined; counts as use of the session. Every request asks the database: people
   * call rarely, and what an admin takes from a user is gone at the user's next request, on every replica.
   */
  verify(token: string): UserCaller | undefined | Promise<UserCaller | undefined> {
    return TOKEN.test(token) ? this.lookups.submit(hashSecret(token)) : undefined;
  }

  /** Ends a session; harmless when it has ended before. */
  async end(token: string): Promise<void> {
    await this.database.execute('delete from governance.admin_session where token_hash = $1', [hashSecret(token)]);
  }

  private async issue(userId: string): Promise<NewSessionAnswer> {
    const token = `cds_${randomBytes(32).toString('base64url')}`;
    const [session] = await this.database.query<{ expires_at: Date }>(
      `with ended as (delete from governance.admin_session where expires_at < now() or last_seen_at < now() - make_interval(secs => $4))
       insert into governance.admin_session (token_hash, user_id, expires_at) values ($1, $2, now() + make_interval(secs => $3)) returning expires_at`,
      [hashSecret(token), userId, ABSOLUTE_SECONDS, IDLE_SECONDS],
    );
    return { token, expiresAt: session?.expires_at ?? new Date() };
  }

  private async lookUp(hashes: readonly Buffer[]): Promise<(UserCaller | undefined)[]> {
    const rows = await this.database.query<SessionRow>(
      `select s.token_hash, s.id as session_id, u.id as user_id, u.email, u.role, s.last_seen_at < now() - interval '1 minute' as seen_before
       from governance.admin_session s join governance.user_account u on u.id = s.user_id
       where s.token_hash = any($1) and s.expires_at > now() and s.last_seen_at > now() - make_interval(secs => $2) and u.disabled_at is null`,
      [hashes, IDLE_SECONDS],
    );
    const seen = rows.filter((row) => row.seen_before).map((row) => row.token_hash);
    if (seen.length > 0) await this.database.execute('update governance.admin_session set last_seen_at = now() where token_hash = any($1)', [seen]);
    const byHash = new Map(rows.map((row) => [row.token_hash.toString('hex'), callerOf(row)]));
    return hashes.map((hash) => byHash.get(hash.toString('hex')));
  }
}

function callerOf({ user_id: userId, email, role, session_id: sessionId }: SessionRow): UserCaller {
  return { kind: 'user', userId, email, role, sessionId };
}
