import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HubError } from '../errors/index.js';
import { withCorrelation } from '../observability/correlation.js';
import { checkHead } from './request-head.js';
import { STRANGERS_BODY_LIMIT_BYTES, bodyLimitOf, routeFacts, type RouteFacts } from './body-rules.js';

/** The answers are data, never pages: nothing in them may run, be framed, be guessed at or be kept by a proxy. The documentation pages set their own. */
export const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
} as const;

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?;?\s*$/i;
const NDJSON_TYPE = /^application\/x-ndjson\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?;?\s*$/i;
const CSV_TYPE = /^text\/csv\s*(?:;\s*(?:charset\s*=\s*"?utf-8"?|header\s*=\s*present)\s*)*;?\s*$/i;

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?;?\s*$/i;

/** What the hooks ask of the application. */
export interface Doorkeeper {
  /** True from the moment that the process begins to stop. */
  isDraining(): boolean;
  drain(): void;
  /** A worker answers for its health and nothing else. */
  readonly operationsOnly: boolean;
  identify(authorization: string | undefined): unknown;
}

type Headers = FastifyRequest['headers'];

function hasBody(headers: Headers): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] !== undefined && headers['content-length'] !== '0');
}

/** Refuses by the headers alone what would otherwise be read first and refused after. */
function checkBodyType(headers: Headers, { ndjson, csv, form }: RouteFacts): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw new HubError('UNSUPPORTED_MEDIA_TYPE', { detail: 'Compressed bodies are not accepted.' });
  const type = headers['content-type'] ?? '';
  if (form) {
    if (FORM_TYPE.test(type)) return;
    throw new HubError('UNSUPPORTED_MEDIA_TYPE', { detail: 'Send application/x-www-form-urlencoded in UTF-8.' });
  }
  if (type === 'application/json' || JSON_TYPE.test(type) || (ndjson && NDJSON_TYPE.test(type)) || (csv && CSV_TYPE.test(type))) return;
  throw new HubError('UNSUPPORTED_MEDIA_TYPE', { detail: `Send application/json${ndjson ? ' or application/x-ndjson' : csv ? ' or text/csv' : ''} in UTF-8.` });
}

/** A body that strangers may not send unseen: large, or of a length that is not said. */
function needsCaller(headers: Headers): boolean {
  const length = headers['content-length'];
  return length === undefined || Number(length) > STRANGERS_BODY_LIMIT_BYTES;
}

/** Asks who is calling before megabytes are read and parsed for nobody. The guard asks again: it alone lets anybody in. */
async function checkCaller(headers: Headers, door: Doorkeeper): Promise<void> {
  const caller = await door.identify(headers.authorization);
  if (caller === undefined) throw new HubError('UNAUTHENTICATED', { detail: `A body of more than ${STRANGERS_BODY_LIMIT_BYTES} bytes needs a valid Authorization: Bearer.` });
}

/** @returns a promise only where the caller has to be asked for. */
function check(request: FastifyRequest, door: Doorkeeper): Promise<void> | undefined {
  const { headers, routeFacts: facts } = request;
  if (door.isDraining()) throw new HubError('SHUTTING_DOWN', { retryAfterSeconds: 5 });
  if (!facts) throw new HubError('ROUTE_NOT_FOUND', { detail: `There is no ${request.method} here.` });
  if (door.operationsOnly && !facts.operations) throw new HubError('ROUTE_NOT_FOUND', { detail: 'This process does background work; ask one that answers HTTP.' });
  checkHead(request.url, request.raw.rawHeaders);
  if (facts.rawBody || !hasBody(headers)) return undefined;
  checkBodyType(headers, facts);
  return needsCaller(headers) ? checkCaller(headers, door) : undefined;
}

function receive(request: FastifyRequest, reply: FastifyReply, door: Doorkeeper, done: (error?: Error) => void): void {
  void reply.header('x-correlation-id', request.id).headers(SECURITY_HEADERS);
  try {
    const asked = check(request, door);
    if (asked) asked.then(() => done(), done);
    else done();
  } catch (error) {
    done(error as Error);
  }
}

/** What happens to every request before its body is read. Call it before routes are registered. */
export function addRequestHooks(fastify: FastifyInstance, door: Doorkeeper): void {
  fastify.decorateRequest('routeFacts', undefined);
  fastify.addHook('onRoute', (route) => {
    const facts = routeFacts(route.url, route.config);
    route.bodyLimit = bodyLimitOf(route.url, route.config) ?? route.bodyLimit;
    route.onRequest = [
      (request, reply, done) => {
        request.routeFacts = facts;
        receive(request, reply, door, done);
      },
      ...[route.onRequest ?? []].flat(),
    ];
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.is404) receive(request, reply, door, done);
    else done();
  });
  // Entered only now: the last chunk of a body arrives outside of whatever context was entered before it was read.
  fastify.addHook('preValidation', (request, _reply, done) => withCorrelation(request.id, done));
  fastify.addHook('preClose', (done) => {
    door.drain();
    done();
  });
}
