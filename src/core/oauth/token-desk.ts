import { Injectable } from '@nestjs/common';
import { SCOPES, type ClientCaller, type Scope } from '../governance/access.js';
import { ClientKeys } from '../governance/client/client-keys.js';
import { CallMeter, type HeaderSink } from '../governance/client/limits/call-meter.js';
import { AccessTokens } from '../governance/token/access-tokens.js';
import type { AccessTokenAnswer } from './oauth-answer.dto.js';
import { OAuthRefusal } from './oauth-refusal.js';
import { readForm, shownCredentials } from './oauth-request.js';

/** What both routes read: the Authorization header and the form. */
export interface TokenRequest {
  readonly authorization: string | undefined;
  readonly body: Buffer | undefined;
}

/** Gives access tokens to clients that show their id and one of their keys, and takes tokens back. */
@Injectable()
export class TokenDesk {
  constructor(
    private readonly keys: ClientKeys,
    private readonly meter: CallMeter,
    private readonly tokens: AccessTokens,
  ) {}

  /**
   * RFC 6749 4.4. Counts as a call of the client.
   * @throws OAuthRefusal; HubError RATE_LIMITED, QUOTA_EXCEEDED
   */
  async issue(request: TokenRequest, answer: HeaderSink): Promise<AccessTokenAnswer> {
    const { form, caller } = await this.authenticated(request, answer);
    const grant = form.get('grant_type');
    if (grant === undefined) throw new OAuthRefusal('invalid_request', 'The parameter grant_type is missing.');
    if (grant !== 'client_credentials') throw new OAuthRefusal('unsupported_grant_type', 'The only grant_type here is client_credentials.');
    const scopes = narrowed(caller, form.get('scope'));
    const issued = await this.tokens.issue(caller, scopes);
    if (!issued) throw new OAuthRefusal('invalid_client', 'The client_id or the client_secret is wrong.');
    return { access_token: issued.token, token_type: 'Bearer', expires_in: issued.expiresIn, scope: scopes.join(' ') };
  }

  /** RFC 7009: a token that is not the client's, or none at all, is as good as revoked. @throws as `issue` does */
  async revoke(request: TokenRequest, answer: HeaderSink): Promise<void> {
    const { form, caller } = await this.authenticated(request, answer);
    const token = form.get('token');
    if (token === undefined) throw new OAuthRefusal('invalid_request', 'The parameter token is missing.');
    if (token.startsWith('cdk_')) throw new OAuthRefusal('unsupported_token_type', 'API keys are taken away by DELETE /admin/v1/clients/{id}/keys/{keyId}.');
    await this.tokens.revoke(caller, token);
  }

  /** An API key is 256 random bits: nobody guesses one, so tries need not be counted, and it is checked in memory. */
  private async authenticated({ authorization, body }: TokenRequest, answer: HeaderSink): Promise<{ form: ReadonlyMap<string, string>; caller: ClientCaller }> {
    const form = readForm(body);
    const { clientId, secret } = shownCredentials(authorization, form);
    const caller = await this.keys.verify(secret);
    if (!caller || caller.clientId !== clientId) throw new OAuthRefusal('invalid_client', 'The client_id or the client_secret is wrong.');
    await this.meter.admit(caller, answer);
    return { form, caller };
  }
}

/** What is asked for, in the order of the list of scopes; all that the client has where nothing is. */
function narrowed({ scopes }: ClientCaller, asked: string | undefined): readonly Scope[] {
  if (asked === undefined) return scopes;
  const names = new Set(asked.split(' ').filter((name) => name !== ''));
  const granted = SCOPES.filter((scope) => names.has(scope) && scopes.includes(scope));
  if (names.size === 0 || granted.length < names.size) throw new OAuthRefusal('invalid_scope', `The client may have: ${scopes.join(' ')}`);
  return granted;
}
