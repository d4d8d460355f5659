import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Database } from '../../persistence/database.js';
import { KeyRing } from '../../vault/key-ring.js';
import { SealedCredentials } from './sealed-credentials.js';

/**
 * Makes the master key at first boot, and says at every boot whether this process lacks the one that the others wrap
 * with, and which connections have credentials that do not open: better than at the first webhook.
 */
@Injectable()
export class CheckKey implements OnApplicationBootstrap {
  private readonly logger = new Logger('Credentials');

  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
    private readonly credentials: SealedCredentials,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { active, ids } = await this.keyRing.masterKeys();
    const others = await this.register(active.keyId);
    if (!ids.includes(others)) {
      this.logger.error(`This process seals under the key ${active.keyId}, the installation under ${others}: give every replica the same key file (CROSSDOCK_CREDENTIALS_KEY_FILE), or they cannot read what the others stored.`);
    }
    const unreadable = await this.credentials.unreadable();
    if (unreadable.length === 0) return;
    const connections = [...new Set(unreadable.map(({ connection }) => connection))];
    this.logger.error(`The credentials of ${connections.join(', ')} cannot be opened. ${unreadable[0]?.reason ?? ''} Or enter them again.`);
  }

  /** Answers the key that was known before; where nothing is under that any more, this one takes its place. */
  private async register(keyId: string): Promise<string> {
    const [row] = await this.database.query<{ before: string }>(`
      with known as (select key_id from orchestration.installation for update)
      update orchestration.installation i
         set key_id = case when exists (select from connector.credential c where c.key_id = i.key_id) or exists (select from vault.data_key d where d.master_key_id = i.key_id) then i.key_id else $1 end
        from known returning coalesce(known.key_id, $1) as before`, [keyId]);
    return row?.before ?? keyId;
  }
}
