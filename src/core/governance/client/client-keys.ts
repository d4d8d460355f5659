import { Injectable } from '@nestjs/common';
import { timingSafeEqual } from 'node:crypto';
import { Database } from '../../persistence/database.js';
import type { CallLimits, ClientCaller, Scope } from '../access.js';
import { Grants, type LimitedTo } from '../grants/grants.js';
import { SCOPES_OF_CLIENT } from './client.js';
import { readKey } from './key-format.js';

interface KnownKey {
  readonly caller: ClientCaller;
  readonly hash: Buffer;
  /** On the clock of performance.now(). */
  readonly expiresAt: number;
}

interface KeyRow {
  key_id: string;
  source_id: number;
  id: string;
  scopes: Scope[];
  limits: CallLimits | null;
  limited_to: LimitedTo | null;
  secret_hash: Buffer;
  /** Milliseconds left, by the database's clock; null for a key without an end. */
  left_ms: number | null;
}

/** Null for a client without limits; for queries of `governance.api_client c`. */
export const LIMITS_OF_CLIENT = `case when coalesce(c.rate_per_second, c.calls_per_day, c.calls_per_month) is not null then
  json_build_object('ratePerSecond', c.rate_per_second, 'burst', c.burst, 'perDay', c.calls_per_day, 'perMonth', c.calls_per_month) end`;

/** A copy older than this is not trusted: a revocation on another replica acts within this time. */
const TRUSTED_MS = 5_000;
/** From this age on a copy is renewed in the background, so that requests do not wait for it. */
const RENEWED_AFTER_MS = 2_000;

/**
 * Answers whose key a request shows, from a copy of all live keys in memory: no request waits for the database while
 * the copy is fresh. Changes made by this process act at once, changes of others within five seconds.
 */
@Injectable()
export class ClientKeys {
  private keys = new Map<string, KnownKey[]>();
  /** Keys that this copy has proved good, by what callers show, so that a busy client is not hashed for every request. */
  private proved = new Map<string, KnownKey>();
  private copiedVersion = -1;
  private copiedAt = Number.NEGATIVE_INFINITY;
  private renewing: Promise<void> | undefined;

  constructor(private readonly database: Database) {}

  /** The client, or undefined for a key that is not (or no longer) good. Rejects when the copy is stale and the database is away. */
  verify(token: string): ClientCaller | undefined | Promise<ClientCaller | undefined> {
    const late = this.whenTrusted();
    if (late) return late.then(() => this.find(token));
    const found = this.find(token);
    if (found || !readKey(token)) return found;
    // Another replica may just have made it. Strangers who ask at the same time share one look, so that they are no load.
    return this.refresh().then(() => this.find(token));
  }

  /** Which state of clients and keys is known here; it is another after each change of any of them. */
  get version(): number {
    return this.copiedVersion;
  }

  /** Undefined while what is known here may be trusted. Rejects when it may not, and the database is away. */
  whenTrusted(): Promise<void> | undefined {
    const age = performance.now() - this.copiedAt;
    if (age > TRUSTED_MS) return this.renew();
    if (age > RENEWED_AFTER_MS) this.renew().catch(() => undefined);
    return undefined;
  }

  /** Takes over what has just been committed. */
  async refresh(): Promise<void> {
    // A renewal under way may have read before the commit; the one after it has not.
    await this.renewing?.catch(() => undefined);
    await this.renew();
  }

  private find(token: string): ClientCaller | undefined {
    const key = this.proved.get(token) ?? this.prove(token);
    return key && key.expiresAt > performance.now() ? key.caller : undefined;
  }

  private prove(token: string): KnownKey | undefined {
    const shown = readKey(token);
    const key = shown && this.keys.get(shown.clientId)?.find((known) => timingSafeEqual(known.hash, shown.secretHash));
    if (key) this.proved.set(token, key);
    return key;
  }

  private renew(): Promise<void> {
    this.renewing ??= this.copy().finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  private async copy(): Promise<void> {
    const askedAt = performance.now();
    const [stored] = await this.database.query<{ version: number }>('select version from governance.access_version');
    const version = stored?.version ?? 0;
    if (version !== this.copiedVersion) {
      // Read after the version: a change between the two is copied now and once more, never missed.
      const rows = await this.database.query<KeyRow>(`
        select k.id as key_id, c.source_id, c.id, ${SCOPES_OF_CLIENT} as scopes, c.limited_to, k.secret_hash,
               ${LIMITS_OF_CLIENT} as limits,
               extract(epoch from k.expires_at - clock_timestamp())::float8 * 1000 as left_ms
        from governance.api_client c join governance.api_key k on k.client_source_id = c.source_id
        where c.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())`);
      this.keys = this.index(rows);
      this.proved = new Map();
      this.copiedVersion = version;
    }
    this.copiedAt = askedAt;
  }

  private index(rows: readonly KeyRow[]): Map<string, KnownKey[]> {
    const now = performance.now();
    const keys = new Map<string, KnownKey[]>();
    for (const row of rows) {
      const caller: ClientCaller = { kind: 'client', sourceId: row.source_id, clientId: row.id, keyId: row.key_id, scopes: row.scopes, limits: row.limits ?? undefined, grants: Grants.of(row.limited_to) };
      const key = { caller, hash: row.secret_hash, expiresAt: row.left_ms === null ? Number.POSITIVE_INFINITY : now + row.left_ms };
      keys.set(row.id, [...(keys.get(row.id) ?? []), key]);
    }
    return keys;
  }
}
