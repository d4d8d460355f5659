import type { FastifyRequest } from 'fastify';
import type { SessionOrigin } from './sessions.js';

/** Where a request comes from: behind trusted proxies, the nearest address that is none of theirs. */
export function originOf(request: FastifyRequest): Omit<SessionOrigin, 'begunBy'> {
  return { address: request.ip, userAgent: request.headers['user-agent'] };
}
