import type { FastifyRequest } from 'fastify';
import type { SessionOrigin } from './sessions.js';

/** An address in its longest form; what a proxy says instead of one is cut. */
const LONGEST_ADDRESS = 45;

/** Where a request comes from: behind trusted proxies, the nearest address that is none of theirs. */
export function originOf(request: FastifyRequest): Omit<SessionOrigin, 'begunBy'> {
  return { address: request.ip.slice(0, LONGEST_ADDRESS), userAgent: request.headers['user-agent'] };
}
