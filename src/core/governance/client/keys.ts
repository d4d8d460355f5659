import { Injectable } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { Database, type Queryable } from '../../persistence/database.js';
import { isUuid } from '../uuid.js';
import { AccessVersion } from './access-version.js';
import { findClient, lockClient } from './client.js';
import type { KeyAnswer, NewKeyAnswer, RotatedKeyAnswer } from './client-answer.dto.js';
import { newKey } from './key-format.js';

/** More are a sign that keys are made and forgotten. */
const MOST_KEYS = 20;
const COLUMNS = 'id, name, created_at as "createdAt", expires_at as "expiresAt", last_used_at as "lastUsedAt"';

export interface KeyWish {
  readonly name?: string;
  /** Undefined for a key without an end. */
  readonly expiresAt?: Date;
}

/** A client has several keys at a time, so that each of its callers can have one of its own. They leave the hub once, when they are made. */
@Injectable()
export class Keys {
  constructor(
    private readonly database: Database,
    private readonly version: AccessVersion,
  ) {}

  /** Those that have not ended, the newest first. @throws HubError NOT_FOUND */
  async list(clientId: string): Promise<KeyAnswer[]> {
    const { sourceId } = await findClient(this.database, clientId);
    return this.database.query<KeyAnswer>(`select ${COLUMNS} from governance.api_key where client_source_id = $1 and (expires_at is null or expires_at > clock_timestamp()) order by created_at desc, id`, [sourceId]);
  }

  /** A further key; those before it stay as they are. @throws HubError NOT_FOUND, VALIDATION_FAILED; CONFLICT for a revoked client, or too many keys. */
  async add(clientId: string, wish: KeyWish): Promise<NewKeyAnswer> {
    return this.version.change(async (tx) => storeKey(tx, await lockClient(tx, clientId), wish, '/expiresAt'));
  }

  /** Takes a key away at once, with the access tokens that were issued for it. @throws HubError NOT_FOUND */
  async remove(clientId: string, keyId: string): Promise<void> {
    await this.version.change(async (tx) => {
      const { sourceId } = await findClient(tx, clientId);
      const removed = isUuid(keyId) ? await tx.execute('delete from governance.api_key where client_source_id = $1 and id = $2', [sourceId, keyId]) : 0;
      if (removed === 0) throw new HubError('NOT_FOUND', { detail: 'The client has no such key.' });
    });
  }

  /**
   * Makes a new key; the keys before it stay good for `overlapSeconds` (0 ends them at once) or less, if they end sooner.
   * @throws HubError NOT_FOUND, VALIDATION_FAILED; CONFLICT for a revoked client
   */
  async rotate(clientId: string, overlapSeconds: number, wish: KeyWish): Promise<RotatedKeyAnswer> {
    return this.version.change(async (tx) => {
      const client = await lockClient(tx, clientId);
      const [{ ends } = { ends: new Date() }] = await tx.query<{ ends: Date }>('select clock_timestamp() + make_interval(secs => $1) as ends', [overlapSeconds]);
      await tx.execute('update governance.api_key set expires_at = least(expires_at, $2::timestamptz) where client_source_id = $1', [client.sourceId, ends]);
      const { id: keyId, key, expiresAt } = await storeKey(tx, client, wish, '/expiresAt');
      return { id: clientId, keyId, key, expiresAt, previousKeysEndAt: ends };
    });
  }
}

/** @throws HubError VALIDATION_FAILED, at `pointer`, for an end that is over; CONFLICT for too many keys. */
export async function storeKey(tx: Queryable, client: { readonly id: string; readonly sourceId: number }, wish: KeyWish, pointer: string): Promise<NewKeyAnswer> {
  await tx.execute('delete from governance.api_key where client_source_id = $1 and expires_at <= clock_timestamp()', [client.sourceId]);
  const kept = await tx.query('select 1 from governance.api_key where client_source_id = $1', [client.sourceId]);
  if (kept.length >= MOST_KEYS) throw new HubError('CONFLICT', { detail: `The client has ${MOST_KEYS} keys; take one away first.` });
  const { key, secretHash } = newKey(client.id);
  const [stored] = await tx.query<KeyAnswer>(
    `insert into governance.api_key (secret_hash, client_source_id, name, expires_at) select $1, $2, $3, $4::timestamptz where $4::timestamptz is null or $4::timestamptz > clock_timestamp() returning ${COLUMNS}`,
    [secretHash, client.sourceId, wish.name ?? null, wish.expiresAt ?? null]);
  if (!stored) throw new HubError('VALIDATION_FAILED', { errors: [{ pointer, detail: 'must be in the future' }] });
  return { ...stored, key };
}
