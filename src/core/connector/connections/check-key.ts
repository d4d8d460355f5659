import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Database } from '../../persistence/database.js';
import { KeyRing } from '../../vault/key-ring.js';

/** Makes the key at first boot, and says at every boot whether stored credentials were sealed with another one: better than at the first webhook. */
@Injectable()
export class CheckKey implements OnApplicationBootstrap {
  private readonly logger = new Logger('Credentials');

  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const vault = await this.keyRing.vault();
    const [row] = await this.database.query<{ count: number }>('select count(*) as count from connector.credential where key_id <> $1', [vault.keyId]);
    if (row && row.count > 0) {
      this.logger.error(`${row.count} stored credentials were sealed with another key than this hub's (${vault.keyId}): restore the credentials.key that belongs to this database, or enter them again.`);
    }
  }
}
