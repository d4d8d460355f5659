import { Injectable } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { Cursor } from '../../http/paging/cursor.js';
import { pageOf } from '../../http/paging/page.js';
import { Database, type Queryable } from '../../persistence/database.js';
import type { Scope } from '../access.js';
import type { ClientAnswer, ClientPageAnswer, NewClientAnswer, RotatedKeyAnswer } from './client-answer.dto.js';
import { ClientKeys } from './client-keys.js';
import { newClientId, newKey } from './key-format.js';

const COLUMNS = 'id, source_id as "sourceId", name, scopes, created_at as "createdAt", revoked_at as "revokedAt"';

const CURSOR = new Cursor('clients', ['integer']);

/** The clients of the business API: made, listed, revoked, their keys rotated. Keys leave the hub once, when they are made. */
@Injectable()
export class Clients {
  constructor(
    private readonly database: Database,
    private readonly keys: ClientKeys,
  ) {}

  async create(name: string, scopes: readonly Scope[]): Promise<NewClientAnswer> {
    return this.change(async (tx) => {
      const id = newClientId();
      const { key, secretHash } = newKey(id);
      const [made] = await tx.query<ClientAnswer>(`insert into governance.api_client (id, name, scopes) values ($1, $2, $3) returning ${COLUMNS}`, [id, name, [...new Set(scopes)]]);
      await tx.execute('insert into governance.api_key (secret_hash, client_source_id) values ($1, $2)', [secretHash, made?.sourceId]);
      return { ...(made as ClientAnswer), key };
    });
  }

  /** In the order they were made. @throws HubError CURSOR_INVALID */
  async list(limit: number, cursor: string | undefined): Promise<ClientPageAnswer> {
    const [after] = CURSOR.read(cursor) ?? [0];
    const rows = await this.database.query<ClientAnswer>(`select ${COLUMNS} from governance.api_client where source_id > $1 order by source_id limit $2`, [after, limit + 1]);
    return pageOf(rows, limit, (last) => CURSOR.write(last.sourceId));
  }

  /** @throws HubError NOT_FOUND */
  async get(id: string): Promise<ClientAnswer> {
    const [client] = await this.database.query<ClientAnswer>(`select ${COLUMNS} from governance.api_client where id = $1`, [id]);
    if (!client) throw new HubError('NOT_FOUND', { detail: 'There is no such client.' });
    return client;
  }

  /** Ends all keys of a client at once. Repeating it changes nothing. @throws HubError NOT_FOUND */
  async revoke(id: string): Promise<ClientAnswer> {
    return this.change(async (tx) => {
      const [client] = await tx.query<ClientAnswer>(`update governance.api_client set revoked_at = coalesce(revoked_at, now()) where id = $1 returning ${COLUMNS}`, [id]);
      if (!client) throw new HubError('NOT_FOUND', { detail: 'There is no such client.' });
      return client;
    });
  }

  /**
   * Makes a new key; the keys before it stay good for `overlapSeconds` (0 ends them at once) or less, if they end sooner.
   * @throws HubError NOT_FOUND, or CONFLICT for a revoked client
   */
  async rotate(id: string, overlapSeconds: number): Promise<RotatedKeyAnswer> {
    return this.change(async (tx) => {
      const { key, secretHash } = newKey(id);
      const [client] = await tx.query<{ source_id: number; revoked_at: Date | null; ends: Date }>(
        `select source_id, revoked_at, clock_timestamp() + make_interval(secs => $2) as ends from governance.api_client where id = $1 for update`,
        [id, overlapSeconds],
      );
      if (!client) throw new HubError('NOT_FOUND', { detail: 'There is no such client.' });
      if (client.revoked_at) throw new HubError('CONFLICT', { detail: 'The client is revoked; make a new one.' });
      await tx.execute('delete from governance.api_key where client_source_id = $1 and expires_at <= clock_timestamp()', [client.source_id]);
      await tx.execute('update governance.api_key set expires_at = least(expires_at, $2::timestamptz) where client_source_id = $1', [client.source_id, client.ends]);
      await tx.execute('insert into governance.api_key (secret_hash, client_source_id) values ($1, $2)', [secretHash, client.source_id]);
      return { id, key, previousKeysEndAt: client.ends };
    });
  }

  /** The version moves in the same transaction, and this process knows the new state before anybody is answered. */
  private async change<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const value = await this.database.once(async (tx) => {
      const done = await work(tx);
      await tx.execute('update governance.access_version set version = version + 1');
      return done;
    });
    await this.keys.refresh();
    return value;
  }
}
