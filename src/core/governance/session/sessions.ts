import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { HubError } from '../../errors/index.js';
import { Coalescer } from '../../persistence/coalescer.js';
import { Database, type Queryable } from '../../persistence/database.js';
import type { UserCaller, UserRole } from '../access.js';
import { hashSecret } from '../client/key-format.js';
import type { NewSessionAnswer, SessionAnswer } from './session-answer.dto.js';

/** A session ends this long after it was begun, whatever it did, and this long after it was last used. */
const ABSOLUTE_SECONDS = 12 * 3_600;
const IDLE_SECONDS = 2 * 3_600;
/** With one more the user's least used one ends: a script that never ends its sessions fills no table. */
const MOST_OF_ONE_USER = 25;
const LONGEST_USER_AGENT = 300;
const TOKEN = /^cds_[A-Za-z0-9_-]{43}$/;

/** How a session came about. */
export interface SessionOrigin {
  readonly begunBy: 'password' | 'invitation' | 'oidc';
  readonly address: string;
  readonly userAgent: string | undefined;
}

interface CallerRow {
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
  /** Tokens shown at the same moment cost one round trip, not one each. */
  private readonly lookups: Coalescer<Buffer, UserCaller | undefined>;

  constructor(private readonly database: Database) {
    this.lookups = new Coalescer((hashes) => this.lookUp(hashes), 200);
  }

  /**
   * The user whose session this is, or undefined; counts as use of the session. Every request asks the database: people
   * call rarely, and what an admin takes from a user is gone at the user's next request, on every replica.
   */
  verify(token: string): UserCaller | undefined | Promise<UserCaller | undefined> {
    return TOKEN.test(token) ? this.lookups.submit(hashSecret(token)) : undefined;
  }

  /** As `verify`, by the session's id, for a way in that the session itself has opened; it does not count as use of the session. */
  async live(sessionId: string): Promise<UserCaller | undefined> {
    const [row] = await this.callers('s.id = any($1::uuid[])', [sessionId]);
    return row && callerOf(row);
  }

  /**
   * Begins a session of a user who has proved to be one.
   * @param passwordHash the password that was the proof: when it has been changed meanwhile, it proves nothing.
   * @throws HubError UNAUTHENTICATED where the account is disabled, gone, or has another password now.
   */
  async begin(userId: string, origin: SessionOrigin, passwordHash?: string, queryable: Queryable = this.database): Promise<NewSessionAnswer> {
    const token = newToken();
    // The account's row is locked, so that whoever disables it meanwhile waits, and then finds this session to end.
    const [session] = await queryable.query<{ expiresAt: Date }>(
      `with account as (select id from governance.user_account where id = $2 and disabled_at is null and ($3::text is null or password_hash = $3) for update),
            over as (delete from governance.admin_session where expires_at < now() or last_seen_at < now() - make_interval(secs => $4)),
            surplus as (delete from governance.admin_session where id in (select id from governance.admin_session where user_id = $2 order by last_seen_at desc offset $5)),
            seen as (update governance.user_account set last_signed_in_at = now() where id = (select id from account))
       insert into governance.admin_session (token_hash, user_id, expires_at, begun_by, address, user_agent)
       select $1, id, now() + make_interval(secs => $6), $7, $8, $9 from account returning expires_at as "expiresAt"`,
      [hashSecret(token), userId, passwordHash ?? null, IDLE_SECONDS, MOST_OF_ONE_USER - 1, ABSOLUTE_SECONDS, origin.begunBy, origin.address, origin.userAgent?.slice(0, LONGEST_USER_AGENT) ?? null],
    );
    if (!session) throw new HubError('UNAUTHENTICATED', { detail: 'The account or the password is wrong.' });
    return { token, ...session };
  }

  /** A new token for a session, whose end stays the same; the token before is good no longer. @throws HubError UNAUTHENTICATED for a session that has ended. */
  async rotate(sessionId: string, queryable: Queryable = this.database): Promise<NewSessionAnswer> {
    const token = newToken();
    const [session] = await queryable.query<{ expiresAt: Date }>('update governance.admin_session set token_hash = $2 where id = $1 returning expires_at as "expiresAt"', [sessionId, hashSecret(token)]);
    if (!session) throw new HubError('UNAUTHENTICATED', { detail: 'The session has ended.' });
    return { token, ...session };
  }

  /** The live sessions of a user, the one used last first; 25 at most. */
  async list(userId: string, currentId?: string): Promise<SessionAnswer[]> {
    return this.database.query<SessionAnswer>(
      `select id, begun_by as "begunBy", address, user_agent as "userAgent", created_at as "createdAt", last_seen_at as "lastSeenAt", expires_at as "expiresAt", id is not distinct from $2::uuid as current
       from governance.admin_session where user_id = $1 and expires_at > now() and last_seen_at > now() - make_interval(secs => $3) order by last_seen_at desc, id`,
      [userId, currentId ?? null, IDLE_SECONDS],
    );
  }

  /** Ends one session of a user; another user's is none. @returns whether there was one. */
  async end(userId: string, sessionId: string): Promise<boolean> {
    return (await this.database.execute('delete from governance.admin_session where user_id = $1 and id = $2', [userId, sessionId])) > 0;
  }

  /** Ends all sessions of a user, but for one that may be named. */
  async endAll(userId: string, keptId?: string, queryable: Queryable = this.database): Promise<void> {
    await queryable.execute('delete from governance.admin_session where user_id = $1 and id is distinct from $2::uuid', [userId, keptId ?? null]);
  }

  private callers(which: 's.token_hash = any($1)' | 's.id = any($1::uuid[])', values: readonly unknown[]): Promise<CallerRow[]> {
    return this.database.query<CallerRow>(
      `select s.token_hash, s.id as session_id, u.id as user_id, u.email, u.role, s.last_seen_at < now() - interval '1 minute' as seen_before
       from governance.admin_session s join governance.user_account u on u.id = s.user_id
       where ${which} and s.expires_at > now() and s.last_seen_at > now() - make_interval(secs => $2) and u.disabled_at is null`,
      [values, IDLE_SECONDS],
    );
  }

  private async lookUp(hashes: readonly Buffer[]): Promise<(UserCaller | undefined)[]> {
    const rows = await this.callers('s.token_hash = any($1)', hashes);
    const seen = rows.filter((row) => row.seen_before).map((row) => row.token_hash);
    if (seen.length > 0) await this.database.execute('update governance.admin_session set last_seen_at = now() where token_hash = any($1)', [seen]);
    const byHash = new Map(rows.map((row) => [row.token_hash.toString('hex'), callerOf(row)]));
    return hashes.map((hash) => byHash.get(hash.toString('hex')));
  }
}

function newToken(): string {
  return `cds_${randomBytes(32).toString('base64url')}`;
}

function callerOf({ user_id: userId, email, role, session_id: sessionId }: CallerRow): UserCaller {
  return { kind: 'user', userId, email, role, sessionId };
}
