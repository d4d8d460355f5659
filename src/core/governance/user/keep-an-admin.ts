import { Inject, Injectable } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { Database, type Queryable } from '../../persistence/database.js';
import { SETTINGS, type Settings } from '../../settings/settings.js';

/**
 * The one way to change users. Changes go one after the other, and one that would leave the hub without an admin who
 * can sign in is undone, whichever change it is: two admins who demote one another at the same moment are one admin.
 */
@Injectable()
export class KeepAnAdmin {
  constructor(
    private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Once for each Idempotency-Key: tokens are made inside of `work`. @throws HubError LAST_ADMIN, and whatever `work` throws; then nothing has changed. */
  async whileChanging<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.database.once(async (tx) => {
      // The claim is a row that every hub has once: whoever holds it changes users.
      const claim = await tx.query('select 1 from governance.hub_claim for update');
      if (claim.length === 0) throw new HubError('CONFLICT', { detail: 'The hub has not been claimed yet; claim it by its setup token first.' });
      const before = await this.adminsWhoCanSignIn(tx);
      const outcome = await work(tx);
      if (before > 0 && (await this.adminsWhoCanSignIn(tx)) === 0) throw new HubError('LAST_ADMIN');
      return outcome;
    });
  }

  /** Not those who have yet to accept an invitation, nor those whose identity provider is not set up (any more). */
  private async adminsWhoCanSignIn(tx: Queryable): Promise<number> {
    const [counted] = await tx.query<{ count: number }>(
      `select count(*) as count from governance.user_account u where u.role = 'admin' and u.disabled_at is null
         and (u.password_hash is not null or exists (select 1 from governance.user_identity i where i.user_id = u.id and i.issuer = $1))`,
      [this.settings.oidc?.issuer ?? ''],
    );
    return counted?.count ?? 0;
  }
}
