import { Injectable } from '@nestjs/common';
import type { Caller } from './access.js';
import { bearerOf } from './bearer.js';
import { ClientKeys } from './client/client-keys.js';
import { Sessions } from './session/sessions.js';
import { AccessTokens } from './token/access-tokens.js';

/** Tells who shows a token: an API client by its key or an access token, a user by a session. */
@Injectable()
export class Callers {
  constructor(
    private readonly keys: ClientKeys,
    private readonly tokens: AccessTokens,
    private readonly sessions: Sessions,
  ) {}

  /** From an Authorization header. The usual answer comes from memory; a promise is made only when it does not. */
  identify(authorization: string | undefined): Caller | undefined | Promise<Caller | undefined> {
    const token = bearerOf(authorization);
    if (token === undefined) return undefined;
    if (token.startsWith('cds_')) return this.sessions.verify(token);
    return token.startsWith('cdt_') ? this.tokens.verify(token) : this.keys.verify(token);
  }
}
