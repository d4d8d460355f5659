import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { BoundedMap } from '../../persistence/bounded-map.js';
import { Coalescer } from '../../persistence/coalescer.js';
import { Database } from '../../persistence/database.js';
import type { CallLimits, ClientCaller, Scope } from '../access.js';
import { SCOPES_OF_CLIENT } from '../client/client.js';
import { AccessVersion } from '../client/access-version.js';
import { ClientKeys, LIMITS_OF_CLIENT } from '../client/client-keys.js';
import { hashSecret } from '../client/key-format.js';
import { Grants, type LimitedTo } from '../grants/grants.js';

export const LIFETIME_SECONDS = 900;
/** Of one key. A caller that asks for a token with every call ends its own oldest ones, and fills no table. */
const MOST_OF_ONE_KEY = 1_000;
const SWEPT_AT_ONCE = 1_000;
const MOST_REMEMBERED = 20_000;
const TOKEN = /^cdt_[A-Za-z0-9_-]{43}$/;

interface Known {
  readonly caller: ClientCaller;
  /** On the clock of performance.now(). */
  readonly expiresAt: number;
  /** Which state of clients and keys it was read under; under any other it is read again. */
  readonly version: number;
}

interface TokenRow {
  token_hash: Buffer;
  key_id: string;
  source_id: number;
  id: string;
  scopes: Scope[];
  limits: CallLimits | null;
  limited_to: LimitedTo | null;
  left_ms: number;
}

/**
 * Access tokens of API clients: opaque, and looked up once in each process, which remembers them until anything about
 * clients, keys or tokens changes anywhere (seen within five seconds, as for keys).
 */
@Injectable()
export class AccessTokens {
  private readonly known = new BoundedMap<string, Known>(MOST_REMEMBERED);
  private readonly lookups: Coalescer<Buffer, TokenRow | undefined>;

  constructor(
    private readonly database: Database,
    private readonly keys: ClientKeys,
    private readonly version: AccessVersion,
  ) {
    this.lookups = new Coalescer((hashes) => this.lookUp(hashes), 200);
  }

  /** The client, with the scopes that both it and the token have; undefined for a token that is not (or no longer) good. */
  verify(token: string): ClientCaller | undefined | Promise<ClientCaller | undefined> {
    if (!TOKEN.test(token)) return undefined;
    const late = this.keys.whenTrusted();
    if (late) return late.then(() => this.find(token));
    return this.find(token);
  }

  /** A new token for whoever has shown `caller.keyId`; it ends with that key, if not before. Undefined where the key has just ended. */
  async issue(caller: ClientCaller, scopes: readonly Scope[]): Promise<{ token: string; expiresIn: number } | undefined> {
    const token = `cdt_${randomBytes(32).toString('base64url')}`;
    const [issued] = await this.database.query<{ seconds: number }>(
      `with over as (delete from governance.access_token where token_hash in (select token_hash from governance.access_token where expires_at <= clock_timestamp() limit $5 for update skip locked)),
            surplus as (delete from governance.access_token where token_hash in (select token_hash from governance.access_token where key_id = $2 order by created_at desc offset $6))
       insert into governance.access_token (token_hash, key_id, scopes, expires_at)
       select $1, k.id, $3::text[], least(k.expires_at, clock_timestamp() + make_interval(secs => $4)) from governance.api_key k
       where k.id = $2 and (k.expires_at is null or k.expires_at > clock_timestamp()) returning extract(epoch from expires_at - created_at)::float8 as seconds`,
      [hashSecret(token), caller.keyId, scopes, LIFETIME_SECONDS, SWEPT_AT_ONCE, MOST_OF_ONE_KEY - 1],
    );
    return issued && { token, expiresIn: Math.floor(issued.seconds) };
  }

  /** Ends a token of the client; another's is none, and is not touched. */
  async revoke(caller: ClientCaller, token: string): Promise<void> {
    await this.version.change((tx) => tx.execute(
      'delete from governance.access_token t using governance.api_key k where t.token_hash = $1 and k.id = t.key_id and k.client_source_id = $2', [hashSecret(token), caller.sourceId]));
  }

  private find(token: string): ClientCaller | undefined | Promise<ClientCaller | undefined> {
    const known = this.known.get(token);
    if (!known || known.version !== this.keys.version) return this.learn(token);
    return known.expiresAt > performance.now() ? known.caller : undefined;
  }

  private async learn(token: string): Promise<ClientCaller | undefined> {
    // Taken before the look-up: a change between the two makes the token be looked up once more.
    const { version } = this.keys;
    const row = await this.lookups.submit(hashSecret(token));
    if (!row) return undefined;
    const caller: ClientCaller = { kind: 'client', sourceId: row.source_id, clientId: row.id, keyId: row.key_id, scopes: row.scopes, limits: row.limits ?? undefined, grants: Grants.of(row.limited_to) };
    this.known.set(token, { caller, expiresAt: performance.now() + row.left_ms, version });
    return caller;
  }

  private async lookUp(hashes: readonly Buffer[]): Promise<(TokenRow | undefined)[]> {
    const rows = await this.database.query<TokenRow>(
      `select t.token_hash, k.id as key_id, c.source_id, c.id, array(select s from unnest(t.scopes) s where s = any(${SCOPES_OF_CLIENT})) as scopes, c.limited_to, ${LIMITS_OF_CLIENT} as limits,
              extract(epoch from least(t.expires_at, k.expires_at) - clock_timestamp())::float8 * 1000 as left_ms
       from governance.access_token t join governance.api_key k on k.id = t.key_id join governance.api_client c on c.source_id = k.client_source_id
       where t.token_hash = any($1) and c.revoked_at is null and least(t.expires_at, k.expires_at) > clock_timestamp()`, [hashes]);
    const byHash = new Map(rows.map((row) => [row.token_hash.toString('hex'), row]));
    return hashes.map((hash) => byHash.get(hash.toString('hex')));
  }
}
