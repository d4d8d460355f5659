import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  allowInsecureRequests, authorizationCodeGrant, AuthorizationResponseError, buildAuthorizationUrl, calculatePKCECodeChallenge, ClientSecretBasic, ClientSecretPost,
  discovery, enableNonRepudiationChecks, fetchUserInfo, None, type ClientAuth, type Configuration,
} from 'openid-client';
import { HubError } from '../../errors/index.js';
import type { OidcSettings } from '../../settings/oidc-settings.js';
import { SETTINGS, type Settings } from '../../settings/settings.js';
import type { BrowserSecret } from './browser-secret.js';
import { claimAt, personOf, type Person } from './person.js';

/** What the provider says of itself is asked again after this long; its keys are renewed by themselves. */
const KNOWN_FOR_MS = 3_600_000;
const ANSWERS_WITHIN_SECONDS = 10;
/** The provider is away or ails; anything else it does means that the answer cannot be believed. */
const AWAY = new Set(['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON', 'OAUTH_PARSE_ERROR']);

/** The one OpenID Connect provider that the settings name: code flow with PKCE, state and nonce; ID tokens are verified by their signature. */
@Injectable()
export class IdentityProvider {
  private readonly logger = new Logger('oidc');
  private known: { readonly configuration: Promise<Configuration>; readonly until: number } | undefined;

  constructor(@Inject(SETTINGS) private readonly hub: Settings) {}

  /** @throws HubError OIDC_NOT_CONFIGURED */
  settings(): OidcSettings {
    if (!this.hub.oidc) throw new HubError('OIDC_NOT_CONFIGURED', { detail: 'Users of this hub sign in by password: POST /admin/v1/sessions.' });
    return this.hub.oidc;
  }

  /** Where the browser goes to sign in. @throws HubError OIDC_NOT_CONFIGURED, OIDC_UNAVAILABLE */
  async signInUrl({ state, nonce, codeVerifier }: BrowserSecret): Promise<URL> {
    const { redirectUri, scopes } = this.settings();
    const configuration = await this.configuration();
    return buildAuthorizationUrl(configuration, { redirect_uri: redirectUri, scope: scopes, state, nonce, code_challenge: await calculatePKCECodeChallenge(codeVerifier), code_challenge_method: 'S256' });
  }

  /**
   * Whom the provider's answer names: redeems the code, which works once, and verifies everything about the ID token.
   * @param query the query string that the browser came back with.
   * @throws HubError OIDC_SIGN_IN_INVALID, OIDC_UNAVAILABLE
   */
  async redeem(query: string, { state, nonce, codeVerifier }: BrowserSecret): Promise<Person> {
    const { redirectUri, roleClaim } = this.settings();
    const configuration = await this.configuration();
    const answered = new URL(redirectUri);
    answered.search = query;
    try {
      const tokens = await authorizationCodeGrant(configuration, answered, { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier, idTokenExpected: true });
      const claims = tokens.claims();
      if (!claims) throw new HubError('OIDC_SIGN_IN_INVALID');
      // Many providers tell groups and addresses only there.
      const asked = configuration.serverMetadata().userinfo_endpoint !== undefined && (claims['email'] === undefined || claimAt(claims, roleClaim) === undefined);
      const more = asked ? await fetchUserInfo(configuration, tokens.access_token, claims.sub) : {};
      return personOf({ ...more, ...claims }, this.settings());
    } catch (error) {
      throw this.translate(error);
    }
  }

  private configuration(): Promise<Configuration> {
    if (!this.known || this.known.until < performance.now()) {
      const known = { configuration: this.discover(), until: performance.now() + KNOWN_FOR_MS };
      this.known = known;
      // What could not be read is asked for again by the next who signs in.
      known.configuration.catch(() => {
        if (this.known === known) this.known = undefined;
      });
    }
    return this.known.configuration;
  }

  private async discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.settings();
    const url = new URL(issuer);
    const execute = [enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [allowInsecureRequests] : [])];
    try {
      return await discovery(url, clientId, undefined, proofOf(clientSecret), { execute, timeout: ANSWERS_WITHIN_SECONDS });
    } catch (error) {
      throw new HubError('OIDC_UNAVAILABLE', { detail: 'The identity provider does not say how to sign in. The hub\'s log says more.', cause: error });
    }
  }

  private translate(error: unknown): HubError {
    if (error instanceof HubError) return error;
    const away = error instanceof TypeError || AWAY.has(String((error as { code?: unknown }).code));
    if (away) return new HubError('OIDC_UNAVAILABLE', { detail: 'The identity provider does not answer as it should.', cause: error });
    this.logger.warn({ msg: `a sign-in by the identity provider failed: ${reasonOf(error)}` });
    const refused = error instanceof AuthorizationResponseError ? `The identity provider refused: ${error.error.slice(0, 60).replaceAll(/[^\w.-]/g, '')}.` : undefined;
    return new HubError('OIDC_SIGN_IN_INVALID', { detail: refused ?? 'What the identity provider answered cannot be believed.', cause: error });
  }
}

/** What an error says, without the claims and answers that come with it: those are about a person. */
function reasonOf(error: unknown): string {
  const { message, code, cause } = error as { message?: string; code?: string; cause?: { message?: string } };
  return [message, code, cause?.message].filter((part) => part !== undefined).join('; ');
}

/** How the hub proves itself to the provider: by the header that OpenID Connect prefers, where the provider does not say that it takes the body alone. */
function proofOf(secret: string | undefined): ClientAuth {
  if (secret === undefined) return None();
  const [header, body] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
  return (server, ...rest) => (server.token_endpoint_auth_methods_supported?.includes('client_secret_basic') === false ? body : header)(server, ...rest);
}
