import { Injectable } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { Database } from '../../persistence/database.js';
import { hashSecret } from '../client/key-format.js';
import type { NewSessionAnswer } from '../session/session-answer.dto.js';
import { Sessions, type SessionOrigin } from '../session/sessions.js';
import { countedAddress, Tries } from '../session/tries.js';
import { AdmitPerson } from './admit-person.js';
import { newBrowserSecret, presentedSecret, VALID_SECONDS, type BrowserSecret } from './browser-secret.js';
import { IdentityProvider } from './identity-provider.js';

/** Sign-ins that were begun and not finished; each is a row that has to be kept for ten minutes. */
const BY_ADDRESS = { name: 'provider sign-in by address', most: 50, windowSeconds: 15 * 60 };

/** What a browser comes back with from the provider. */
export interface ProviderAnswer {
  /** The query string as it came. */
  readonly query: string;
  readonly state: string;
  /** Its Cookie header. */
  readonly cookies: string | undefined;
}

/** The door for people whom an identity provider knows: there, and back with a code that opens an ordinary session. */
@Injectable()
export class OidcSignIn {
  constructor(
    private readonly database: Database,
    private readonly provider: IdentityProvider,
    private readonly people: AdmitPerson,
    private readonly sessions: Sessions,
    private readonly tries: Tries,
  ) {}

  /** Whether people come over TLS, so that the cookie may be kept to it. @throws HubError OIDC_NOT_CONFIGURED */
  get secure(): boolean {
    return this.provider.settings().redirectUri.startsWith('https:');
  }

  /** @throws HubError OIDC_NOT_CONFIGURED, OIDC_UNAVAILABLE, TOO_MANY_ATTEMPTS */
  async begin(address: string): Promise<{ url: URL; secret: BrowserSecret }> {
    this.provider.settings();
    await this.tries.begin({ limit: BY_ADDRESS, of: countedAddress(address) });
    const secret = newBrowserSecret();
    const url = await this.provider.signInUrl(secret);
    await this.database.execute(
      `with over as (delete from governance.oidc_sign_in where expires_at <= now())
       insert into governance.oidc_sign_in (state_hash, expires_at) values ($1, now() + make_interval(secs => $2))`,
      [hashSecret(secret.state), VALID_SECONDS],
    );
    return { url, secret };
  }

  /**
   * @throws HubError OIDC_SIGN_IN_INVALID where another browser began it, it was finished before, is too old, or the
   *   provider's answer cannot be believed; OIDC_NOT_ALLOWED; OIDC_UNAVAILABLE; LAST_ADMIN
   */
  async finish({ query, state, cookies }: ProviderAnswer, origin: Omit<SessionOrigin, 'begunBy'>): Promise<NewSessionAnswer> {
    const secret = presentedSecret(cookies, this.secure, state);
    if (!secret) throw new HubError('OIDC_SIGN_IN_INVALID', { detail: 'This browser did not begin the sign-in. Begin again at /admin/v1/oidc/login.' });
    const taken = await this.database.execute('delete from governance.oidc_sign_in where state_hash = $1 and expires_at > now()', [hashSecret(secret.state)]);
    if (taken === 0) throw new HubError('OIDC_SIGN_IN_INVALID', { detail: 'The sign-in was finished before, or took longer than ten minutes. Begin again at /admin/v1/oidc/login.' });
    const person = await this.provider.redeem(query, secret);
    const userId = await this.people.admit(person, this.provider.settings());
    await this.tries.takeBack({ limit: BY_ADDRESS, of: countedAddress(origin.address) });
    return this.sessions.begin(userId, { ...origin, begunBy: 'oidc' });
  }
}
