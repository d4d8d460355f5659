import { Injectable } from '@nestjs/common';
import { Database, type Queryable } from '../../persistence/database.js';
import type { MatchItemsBy } from '../connection.js';

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

/** One sealed secret; several of one field are live while a secret is being rotated. */
export interface CredentialRow {
  readonly sourceId: number;
  readonly field: string;
  readonly generation: number;
  readonly sealed: Buffer;
  readonly keyId: string;
  readonly storedAt: Date;
  /** Undefined for the current generation. */
  readonly validUntil: Date | null;
}

const CONNECTION_COLUMNS = `source_id as "sourceId", id, name, plugin, config, enabled, match_items_by as "matchItemsBy",
  allow_private_network as "allowPrivateNetwork", created_at as "createdAt", updated_at as "updatedAt"`;

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
        select source_id as "sourceId", field, generation, sealed, key_id as "keyId", stored_at as "storedAt", valid_until as "validUntil"
        from connector.credential where valid_until is null or valid_until > now() order by source_id, field, generation desc`);
      return { revision: row?.value ?? 0, connections, credentials };
    });
  }

  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.database.transaction(work);
  }
}
