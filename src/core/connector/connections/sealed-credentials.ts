import { Injectable } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { Database } from '../../persistence/database.js';
import { KeyRing } from '../../vault/key-ring.js';
import { credentialPurpose } from './connection-store.js';

/** A credential that no key of this hub opens. */
export interface UnreadableCredential {
  readonly connection: string;
  readonly field: string;
  readonly reason: string;
}

interface CredentialRow {
  id: string;
  sourceId: number;
  field: string;
  generation: number;
  sealed: Buffer;
  keyId: string;
}

const COLUMNS = 'n.id, c.source_id as "sourceId", c.field, c.generation, c.sealed, c.key_id as "keyId"';
const SEALED_BY_MASTER = `c.key_id not like 'dk-%'`;

/** The stored credentials as the rotation of keys sees them. */
@Injectable()
export class SealedCredentials {
  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
  ) {}

  /** How many were sealed with a master key itself, by the key: they were stored before there were data keys. */
  async underMasterKeys(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.database.query<{ key_id: string; count: number }>(`select c.key_id, count(*) as count from connector.credential c where ${SEALED_BY_MASTER} group by c.key_id`);
    return new Map(rows.map((row) => [row.key_id, row.count]));
  }

  /** Seals those with the data keys of their connections, at most `most` at a time; answers how many. Each opens at every moment. @throws HubError CREDENTIALS_UNREADABLE */
  async reseal(most: number): Promise<number> {
    return this.database.transaction(async (tx) => {
      const rows = await tx.query<CredentialRow>(`
        select ${COLUMNS} from connector.credential c join connector.connection n on n.source_id = c.source_id
        where ${SEALED_BY_MASTER} order by c.source_id, c.field, c.generation limit $1 for update of c skip locked`, [most]);
      for (const row of rows) {
        const secret = (await this.keyRing.vaultOf(row.keyId)).open(row.sourceId, row.field, row);
        const { sealed, keyId } = (await this.keyRing.vaultFor(credentialPurpose(row.sourceId))).seal(row.sourceId, row.field, secret);
        await tx.execute('update connector.credential set sealed = $4, key_id = $5 where source_id = $1 and field = $2 and generation = $3', [row.sourceId, row.field, row.generation, sealed, keyId]);
      }
      return rows.length;
    });
  }

  /** Opens every stored credential, and tells which cannot be opened and why. */
  async unreadable(): Promise<UnreadableCredential[]> {
    const rows = await this.database.query<CredentialRow>(`select ${COLUMNS} from connector.credential c join connector.connection n on n.source_id = c.source_id order by n.id, c.field, c.generation`);
    const found: UnreadableCredential[] = [];
    for (const row of rows) {
      try {
        (await this.keyRing.vaultOf(row.keyId)).open(row.sourceId, row.field, row);
      } catch (error) {
        if (!(error instanceof HubError)) throw error;
        found.push({ connection: row.id, field: row.field, reason: error.message });
      }
    }
    return found;
  }
}
