import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { HubError } from '../../errors/index.js';
import type { AuthenticatedRequest, Caller } from '../../governance/access.js';
import { KeptAnswers } from './kept-answers.js';
import type { KeyedRequest } from './keyed-request.js';

/** Visible ASCII: what every client can send in a header and every log can show. A header that is sent twice arrives with a space in it. */
const KEY = /^[!-~]{1,255}$/;

/** A client is one caller whatever key it shows, a user in whatever session. */
function nameOf(caller: Caller): string {
  return caller.kind === 'client' ? `client ${caller.sourceId}` : `user ${caller.userId}`;
}

/**
 * Stands behind the guard of access, so that only who may call a route is told what it answered. A request without an
 * Idempotency-Key passes at once, and so does one of a route that answers anybody: nobody's keys could be told apart.
 */
@Injectable()
export class IdempotencyGuard implements CanActivate {
  constructor(private readonly answers: KeptAnswers) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest & AuthenticatedRequest>();
    const { keyed, caller } = request;
    return keyed && caller ? this.claim(request, keyed, caller) : true;
  }

  private async claim(request: FastifyRequest, keyed: KeyedRequest, caller: Caller): Promise<true> {
    if (!KEY.test(keyed.header)) throw new HubError('MALFORMED_REQUEST', { detail: 'An Idempotency-Key is 1 to 255 visible ASCII characters.' });
    keyed.claim = await this.answers.claim({ caller: nameOf(caller), key: keyed.header, method: request.method, url: request.url, bodyDigest: keyed.bodyDigest });
    return true;
  }
}
