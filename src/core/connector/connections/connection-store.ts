import { Injectable } from '@nestjs/common';
import { Database, type Queryable } from '../../persistence/database.js';
import type { MatchItemsBy } from '../connection.js';
import type { Sealed } from '../../vault/vault.js';

/** A connection as it is stored; whether its plugin is there and accepts its config is judged when it is loaded. */
export interface ConnectionRow {
  readonly sourceId: number;
  readonly id: string;
  readonly name: string;
  readonly plugin: string;
  readonly config: Record<string, unknown>;
  readonly enabled: boolean;
  readonly matchItemsBy: MatchItemsBy;
  readonly allowPrivateNetwork: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type NewConnection = Omit<ConnectionRow, 'sourceId' | 'createdAt' | 'updatedAt'>;

/** One sealed secret; several of one field are live while a secret is being rotated. */
export interface CredentialRow extends Sealed {
  readonly sourceId: number;
  readonly field: string;
  readonly generation: number;
  readonly storedAt: Date;
  /** Null for the current generation. */
  readonly validUntil: Date | null;
}

/** Live values of one field at most: each one more is one more signature to compute for a forged delivery. */
const MOST_GENERATIONS = 5;

const CONNECTION_COLUMNS = `source_id as "sourceId", id, name, plugin, config, enabled, match_items_by as "matchItemsBy",
  allow_private_network as "allowPrivateNetwork", created_at as "createdAt", updated_at as "updatedAt"`;
const CREDENTIAL_COLUMNS = `source_id as "sourceId", field, generation, sealed, key_id as "keyId", stored_at as "storedAt", valid_until as "validUntil"`;

/** The credentials of each connection are sealed with a data key of its own. */
export function credentialPurpose(sourceId: number): string {
  return `credentials of connection ${sourceId}`;
}

/** The SQL of connections and credentials. */
@Injectable()
export class ConnectionStore {
  constructor(private readonly database: Database) {}

  async revision(): Promise<number> {
    const [row] = await this.database.query<{ value: number }>('select value from connector.revision');
    return row?.value ?? 0;
  }

  /** Everything, as of one moment: there are tens or hundreds of connections, never a million. */
  load(): Promise<{ revision: number; connections: ConnectionRow[]; credentials: CredentialRow[] }> {
    return this.database.transaction(async (tx) => {
      await tx.execute('set transaction isolation level repeatable read read only');
      const [row] = await tx.query<{ value: number }>('select value from connector.revision');
      const connections = await tx.query<ConnectionRow>(`select ${CONNECTION_COLUMNS} from connector.connection order by source_id`);
      const credentials = await tx.query<CredentialRow>(`
        select ${CREDENTIAL_COLUMNS} from connector.credential
        where valid_until is null or valid_until > now() order by source_id, field, generation desc`);
      return { revision: row?.value ?? 0, connections, credentials };
    });
  }

  /** One change that somebody asked for. */
  once<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.database.once(work);
  }

  async page(afterSourceId: number, limit: number): Promise<ConnectionRow[]> {
    return this.database.query<ConnectionRow>(`select ${CONNECTION_COLUMNS} from connector.connection where source_id > $1 order by source_id limit $2`, [afterSourceId, limit]);
  }

  async find(id: string): Promise<ConnectionRow | undefined> {
    const [row] = await this.database.query<ConnectionRow>(`select ${CONNECTION_COLUMNS} from connector.connection where id = $1`, [id]);
    return row;
  }

  async lock(tx: Queryable, id: string): Promise<ConnectionRow | undefined> {
    const [row] = await tx.query<ConnectionRow>(`select ${CONNECTION_COLUMNS} from connector.connection where id = $1 for update`, [id]);
    return row;
  }

  async nextSourceId(tx: Queryable): Promise<number> {
    const [row] = await tx.query<{ id: number }>(`select nextval('governance.source_id')::int as id`);
    return row?.id ?? 0;
  }

  /** @returns false when the id is taken. */
  async insert(tx: Queryable, sourceId: number, row: NewConnection): Promise<boolean> {
    const inserted = await tx.query(`
      insert into connector.connection (source_id, id, name, plugin, config, enabled, match_items_by, allow_private_network)
      values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8) on conflict (id) do nothing returning 1`,
    [sourceId, row.id, row.name, row.plugin, JSON.stringify(row.config), row.enabled, row.matchItemsBy, row.allowPrivateNetwork]);
    return inserted.length === 1;
  }

  async update(tx: Queryable, row: ConnectionRow): Promise<void> {
    await tx.execute(`
      update connector.connection
      set name = $2, config = $3::jsonb, enabled = $4, match_items_by = $5, allow_private_network = $6, updated_at = now()
      where source_id = $1`,
    [row.sourceId, row.name, JSON.stringify(row.config), row.enabled, row.matchItemsBy, row.allowPrivateNetwork]);
  }

  async credentials(queryable: Queryable | undefined, sourceIds: readonly number[]): Promise<CredentialRow[]> {
    return (queryable ?? this.database).query<CredentialRow>(`
      select ${CREDENTIAL_COLUMNS} from connector.credential
      where source_id = any($1::int[]) and (valid_until is null or valid_until > now()) order by source_id, field, generation desc`, [sourceIds]);
  }

  /** Makes `sealed` the current value of the field; the one before stays valid for so many seconds, by the database's clock. Without `sealed` the field ends up empty. */
  async replaceCredential(tx: Queryable, sourceId: number, field: string, sealed: Sealed | undefined, keepPreviousForSeconds: number): Promise<void> {
    const key = [sourceId, field];
    const [newest] = await tx.query<{ generation: number }>('select max(generation) as generation from connector.credential where source_id = $1 and field = $2', key);
    const generation = (newest?.generation ?? 0) + 1;
    await tx.execute(`
      update connector.credential set valid_until = now() + make_interval(secs => $3)
      where source_id = $1 and field = $2 and (valid_until is null or valid_until > now() + make_interval(secs => $3))`, [...key, sealed ? keepPreviousForSeconds : 0]);
    await tx.execute('delete from connector.credential where source_id = $1 and field = $2 and (valid_until <= now() or generation <= $3)', [...key, generation - MOST_GENERATIONS]);
    if (!sealed) return;
    await tx.execute('insert into connector.credential (source_id, field, generation, sealed, key_id) values ($1, $2, $3, $4, $5)', [...key, generation, sealed.sealed, sealed.keyId]);
  }
}
