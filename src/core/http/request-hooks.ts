import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HubError } from '../errors/index.js';
import { withCorrelation } from '../observability/correlation.js';
import { STRANGERS_BODY_LIMIT_BYTES, bodyRuleOf, takesRawBody } from './body-rules.js';

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

/** What the hooks ask of the application. */
export interface Doorkeeper {
  /** True from the moment that the process begins to stop. */
  isDraining(): boolean;
  drain(): void;
  /** A worker answers for its health and nothing else. */
  readonly operationsOnly: boolean;
  identify(authorization: string | undefined): unknown;
}

const OPERATIONS = /^\/(health\/|metrics$)/;

function check(request: FastifyRequest, door: Doorkeeper): void {
  if (door.isDraining()) throw new HubError('SHUTTING_DOWN', { retryAfterSeconds: 5 });
  const { url } = request.routeOptions;
  if (request.is404 || url === undefined) throw new HubError('ROUTE_NOT_FOUND', { detail: `There is no ${request.method} here.` });
  if (door.operationsOnly && !OPERATIONS.test(url)) throw new HubError('ROUTE_NOT_FOUND', { detail: 'This process does background work; ask one that answers HTTP.' });
  if (request.url.includes('%00')) throw new HubError('MALFORMED_REQUEST', { detail: 'The path or query contains the character U+0000.' });
  checkBodyType(request);
}

/** A body that strangers may not send unseen: large, or of a length that is not said. */
function needsCaller(request: FastifyRequest): boolean {
  if (!hasBody(request) || takesRawBody(request.routeOptions.url)) return false;
  const length = request.headers['content-length'];
  return length === undefined || Number(length) > STRANGERS_BODY_LIMIT_BYTES;
}

/** Asks who is calling before megabytes are read and parsed for nobody. The guard asks again: it alone lets anybody in. */
async function checkCaller(request: FastifyRequest, door: Doorkeeper): Promise<void> {
  const caller = await door.identify(request.headers.authorization);
  if (caller === undefined) throw new HubError('UNAUTHENTICATED', { detail: `A body of more than ${STRANGERS_BODY_LIMIT_BYTES} bytes needs a valid Authorization: Bearer.` });
}

/** What happens to every request before its body is read. */
export function addRequestHooks(fastify: FastifyInstance, door: Doorkeeper): void {
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => {
    void reply.header('x-correlation-id', request.id).headers(SECURITY_HEADERS);
    try {
      check(request, door);
    } catch (error) {
      return done(error as Error);
    }
    if (!needsCaller(request)) return withCorrelation(request.id, done);
    checkCaller(request, door).then(() => withCorrelation(request.id, done), done);
  });
  // The body's last chunk arrives outside of that context, so what follows the body enters it again.
  fastify.addHook('preValidation', (request, _reply, done) => withCorrelation(request.id, done));
  fastify.addHook('preClose', (done) => {
    door.drain();
    done();
  });
}
