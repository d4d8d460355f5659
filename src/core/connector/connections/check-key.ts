import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Database } from '../../persistence/database.js';
import { KeyRing } from '../../vault/key-ring.js';

/** Makes the key at first boot, and says at every boot whether this one is another than what replicas and stored credentials have: better than at the first webhook. */
@Injectable()
export class CheckKey implements OnApplicationBootstrap {
  private readonly logger = new Logger('Credentials');

  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const vault = await this.keyRing.vault();
    const others = await this.register(vault.keyId);
    if (others !== vault.keyId) {
      this.logger.error(`This process seals with the key ${vault.keyId}, the installation with ${others}: give every replica the same key file (CROSSDOCK_CREDENTIALS_KEY_FILE), or they cannot read what the others stored.`);
    }
    const [row] = await this.database.query<{ count: number }>('select count(*) as count from connector.credential where key_id <> $1', [vault.keyId]);
    if (row && row.count > 0) {
      this.logger.error(`${row.count} stored credentials were sealed with another key than this hub's (${vault.keyId}): restore the credentials.key that belongs to this database, or enter them again.`);
    }
  }

  /** Answers the key that was known before; where nothing is sealed with that any more, this one takes its place. */
  private async register(keyId: string): Promise<string> {
    const [row] = await this.database.query<{ before: string }>(`
      with known as (select key_id from orchestration.installation for update)
      update orchestration.installation i set key_id = case when exists (select from connector.credential c where c.key_id = i.key_id) then i.key_id else $1 end
        from known returning coalesce(known.key_id, $1) as before`, [keyId]);
    return row?.before ?? keyId;
  }
}
