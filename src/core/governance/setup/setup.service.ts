import { Inject, Injectable } from '@nestjs/common';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { HubError } from '../../errors/index.js';
import { Database, type Queryable } from '../../persistence/database.js';
import { SETTINGS, type Settings } from '../../settings/settings.js';
import { hashSecret } from '../client/key-format.js';
import { hashPassword } from '../session/password.js';
import { countedAddress, Tries } from '../session/tries.js';
import type { FirstAdminAnswer } from './setup.dto.js';

/** Enough for the replicas of one installation and a few restarts. */
const MOST_TOKENS = 16;
const BY_ADDRESS = { name: 'setup token by address', most: 10, windowSeconds: 60 };

/**
 * The claim of a fresh hub: a token is printed, and whoever shows it becomes the first admin. Every process makes a
 * token of its own at each start (only hashes are kept, so it cannot print an older one) and the latest sixteen are
 * all good, so a token read from any log line still works until the hub is claimed; then none does.
 */
@Injectable()
export class SetupService {
  private token: string | undefined;

  constructor(
    private readonly database: Database,
    private readonly tries: Tries,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** The token to print, made and stored at the first call; undefined once the hub is claimed. */
  async pendingToken(): Promise<string | undefined> {
    if (await this.isClaimed(this.database)) return undefined;
    this.token ??= this.settings.setupToken ?? randomBytes(24).toString('base64url');
    await this.database.execute(
      'insert into governance.setup_token (token_hash) values ($1) on conflict (token_hash) do update set made_at = excluded.made_at',
      [hashSecret(this.token)],
    );
    await this.database.execute('delete from governance.setup_token where token_hash not in (select token_hash from governance.setup_token order by made_at desc limit $1)', [MOST_TOKENS]);
    return this.token;
  }

  /**
   * Makes the first admin, once: of several claims at the same time exactly one wins.
   * @throws HubError ALREADY_SET_UP, SETUP_TOKEN_INVALID, TOO_MANY_ATTEMPTS
   */
  async claim(token: string, email: string, password: string, address: string): Promise<FirstAdminAnswer> {
    if (await this.isClaimed(this.database)) throw new HubError('ALREADY_SET_UP');
    const counted = { limit: BY_ADDRESS, of: countedAddress(address) };
    await this.tries.begin(counted);
    await this.checkToken(token);
    await this.tries.takeBack(counted);
    const passwordHash = await hashPassword(password);
    return this.database.transaction(async (tx) => {
      const won = await tx.execute('insert into governance.hub_claim default values on conflict do nothing');
      if (won === 0) throw new HubError('ALREADY_SET_UP');
      await tx.execute('delete from governance.setup_token');
      const [user] = await tx.query<{ id: string }>(`insert into governance.user_account (email, password_hash, role) values ($1, $2, 'admin') returning id`, [email, passwordHash]);
      return { userId: user?.id ?? '', email };
    });
  }

  private async checkToken(token: string): Promise<void> {
    const shown = hashSecret(token);
    const stored = await this.database.query<{ token_hash: Buffer }>('select token_hash from governance.setup_token');
    // All are compared, each in constant time, so that the time taken tells nothing.
    const fits = stored.filter((row) => timingSafeEqual(row.token_hash, shown)).length;
    if (fits === 0) throw new HubError('SETUP_TOKEN_INVALID');
  }

  private async isClaimed(database: Queryable): Promise<boolean> {
    const rows = await database.query('select 1 from governance.hub_claim');
    return rows.length > 0;
  }
}
