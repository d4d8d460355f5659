import { Injectable } from '@nestjs/common';
import type { Caller } from './access.js';
import { bearerOf } from './bearer.js';
import { ClientKeys } from './client/client-keys.js';
import { Sessions } from './session/sessions.js';

/** Tells who shows a token: an API client by its key, a user by a session. */
@Injectable()
export class Callers {
  constructor(
    private readonly keys: ClientKeys,
    private readonly sessions: Sessions,
  ) {}

  /** From an Authorization header. The usual answer comes from memory; a promise is made only when it does not. */
  identify(authorization: string | undefined): Caller | undefined | Promise<Caller | undefined> {
    const token = bearerOf(authorization);
    if (token === undefined) return undefined;
    return token.startsWith('cds_') ? this.sessions.verify(token) : this.keys.verify(token);
  }
}
