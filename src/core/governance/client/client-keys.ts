import { Injectable } from '@nestjs/common';
import { timingSafeEqual } from 'node:crypto';
import { Database } from '../../persistence/database.js';
import type { Caller, Scope } from '../access.js';
import { readKey } from './key-format.js';

type ClientCaller = Extract<Caller, { kind: 'client' }>;

interface KnownClient {
  readonly caller: ClientCaller;
  readonly keys: { readonly hash: Buffer; /** On the clock of performance.now(). */ readonly expiresAt: number }[];
}

interface KeyRow {
  source_id: number;
  id: string;
  scopes: Scope[];
  secret_hash: Buffer;
  /** Milliseconds left, by the database's clock; null for a key without an end. */
  left_ms: number | null;
}

/** A copy older than this is not trusted: a revocation on another replica acts within this time. */
const TRUSTED_MS = 5_000;
/** From this age on a copy is renewed in the background, so that requests do not wait for it. */
const RENEWED_AFTER_MS = 2_000;
/** A key that is not in the copy may be new; asking again is bounded, whatever strangers send. */
const STRANGER_RENEWS_AFTER_MS = 500;

/**
 * Answers whose key a request shows, from a copy of all live keys in memory: no request waits for the database while
 * the copy is fresh. Changes made by this process act at once, changes of others within five seconds.
 */
@Injectable()
export class ClientKeys {
  private clients = new Map<string, KnownClient>();
  private version = -1;
  private copiedAt = Number.NEGATIVE_INFINITY;
  private renewing: Promise<void> | undefined;

  constructor(private readonly database: Database) {}

  /** The client, or undefined for a key that is not (or no longer) good. Rejects when the copy is stale and the database is away. */
  verify(token: string): ClientCaller | undefined | Promise<ClientCaller | undefined> {
    const age = performance.now() - this.copiedAt;
    if (age > TRUSTED_MS) return this.renew().then(() => this.find(token));
    if (age > RENEWED_AFTER_MS) this.renew().catch(() => undefined);
    const found = this.find(token);
    if (found || age <= STRANGER_RENEWS_AFTER_MS) return found;
    return this.renew().then(() => this.find(token));
  }

  /** Takes over what has just been committed. */
  async refresh(): Promise<void> {
    // A renewal under way may have read before the commit; the one after it has not.
    await this.renewing?.catch(() => undefined);
    await this.renew();
  }

  private find(token: string): ClientCaller | undefined {
    const shown = readKey(token);
    const client = shown && this.clients.get(shown.clientId);
    if (!client) return undefined;
    const now = performance.now();
    return client.keys.some((key) => timingSafeEqual(key.hash, shown.secretHash) && key.expiresAt > now) ? client.caller : undefined;
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
    if (version !== this.version) {
      // Read after the version: a change between the two is copied now and once more, never missed.
      const rows = await this.database.query<KeyRow>(`
        select c.source_id, c.id, c.scopes, k.secret_hash, extract(epoch from k.expires_at - clock_timestamp())::float8 * 1000 as left_ms
        from governance.api_client c join governance.api_key k on k.client_source_id = c.source_id
        where c.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())`);
      this.clients = this.index(rows);
      this.version = version;
    }
    this.copiedAt = askedAt;
  }

  private index(rows: readonly KeyRow[]): Map<string, KnownClient> {
    const now = performance.now();
    const clients = new Map<string, KnownClient>();
    for (const row of rows) {
      const client = clients.get(row.id) ?? { caller: { kind: 'client', sourceId: row.source_id, clientId: row.id, scopes: row.scopes }, keys: [] };
      client.keys.push({ hash: row.secret_hash, expiresAt: row.left_ms === null ? Number.POSITIVE_INFINITY : now + row.left_ms });
      clients.set(row.id, client);
    }
    return clients;
  }
}
