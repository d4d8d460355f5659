import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HubError } from '../errors/index.js';
import { withCorrelation } from '../observability/correlation.js';
import { bodyRuleOf, takesRawBody } from './body-rules.js';

/** The answers are data, never pages: nothing in them may run, be framed or be kept by a proxy. The documentation pages set their own. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?;?\s*$/i;
const NDJSON_TYPE = /^application\/x-ndjson\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?;?\s*$/i;

function hasBody(request: FastifyRequest): boolean {
  const { headers } = request;
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] !== undefined && headers['content-length'] !== '0');
}

/** Refuses by the headers alone what would otherwise be read first and refused after. */
function checkBodyType(request: FastifyRequest): void {
  const { headers, routeOptions } = request;
  if (!hasBody(request) || takesRawBody(routeOptions.url)) return;
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw new HubError('UNSUPPORTED_MEDIA_TYPE', { detail: 'Compressed bodies are not accepted.' });
  const type = headers['content-type'] ?? '';
  if (type === 'application/json' || JSON_TYPE.test(type)) return;
  const ndjson = bodyRuleOf(routeOptions.config).ndjson === true;
  if (ndjson && NDJSON_TYPE.test(type)) return;
  throw new HubError('UNSUPPORTED_MEDIA_TYPE', { detail: `Send application/json${ndjson ? ' or application/x-ndjson' : ''} in UTF-8.` });
}

function check(request: FastifyRequest, isDraining: () => boolean): void {
  if (isDraining()) throw new HubError('SHUTTING_DOWN', { retryAfterSeconds: 5 });
  if (request.is404) throw new HubError('ROUTE_NOT_FOUND', { detail: `There is no ${request.method} here.` });
  if (request.url.includes('%00')) throw new HubError('MALFORMED_REQUEST', { detail: 'The path or query contains the character U+0000.' });
  checkBodyType(request);
}

/** What happens to every request before its body is read. */
export function addRequestHooks(fastify: FastifyInstance, isDraining: () => boolean): void {
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => {
    void reply.header('x-correlation-id', request.id).headers(SECURITY_HEADERS);
    try {
      check(request, isDraining);
    } catch (error) {
      return done(error as Error);
    }
    withCorrelation(request.id, done);
  });
  // The body's last chunk arrives outside of that context, so what follows the body enters it again.
  fastify.addHook('preValidation', (request, _reply, done) => withCorrelation(request.id, done));
}
