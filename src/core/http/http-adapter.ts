import { hash } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HubError } from '../errors/index.js';
import { chooseCorrelationId } from '../observability/correlation.js';
import { JSON_BODY_LIMIT_BYTES } from './body-rules.js';
import { readJson } from './body/json-body.js';
import { SECURITY_HEADERS } from './request-hooks.js';
import { sendProblem } from './problem.filter.js';
import { PROBLEM_TYPE, problemOf, toHubError } from './problem.js';

/** A request, body included, that has not arrived by then is given up: slow clients hold a socket, never the hub. */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** Longer than the idle timeout of the usual load balancers (60 s), so that they close first and never write into a closed socket. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;

/** Nest would add parsers of its own, which keep the last of two equal keys and let any size of nesting through. */
class HubAdapter extends FastifyAdapter {
  override registerParserMiddleware(): void {
    addParsers(this.getInstance() as unknown as FastifyInstance);
  }
}

const withParsers = new WeakSet<FastifyInstance>();

function addParsers(fastify: FastifyInstance): void {
  if (withParsers.has(fastify)) return;
  withParsers.add(fastify);
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (request.routeFacts?.rawBody) return done(null, body);
    digest(request, body);
    try {
      done(null, readJson(body));
    } catch (error) {
      done(error as Error);
    }
  });
  // What arrives here has passed the content-type check of the request hook: a delivery, or NDJSON where the route takes it.
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    digest(request, body);
    done(null, body);
  });
}

/** A request that may be repeated is recognised by the bytes of its body, which are gone once they are read. */
function digest(request: FastifyRequest, body: Buffer): void {
  if (request.headers['idempotency-key'] !== undefined) request.bodyDigest = hash('sha256', body, 'buffer');
}

/** What Node's parser gave up on, before there was a request. */
function socketRefusal(code: string | undefined): HubError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new HubError('REQUEST_TIMEOUT');
  if (code === 'HPE_HEADER_OVERFLOW') return new HubError('REQUEST_HEAD_TOO_LARGE');
  return new HubError('MALFORMED_REQUEST', { detail: 'This is not HTTP that the hub reads.' });
}

function refuseOnSocket(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
  const refusal = socketRefusal(error.code);
  const id = chooseCorrelationId({});
  const body = JSON.stringify(problemOf(refusal, id));
  const headers = { ...SECURITY_HEADERS, 'content-type': PROBLEM_TYPE, 'x-correlation-id': id, 'content-length': Buffer.byteLength(body), connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}\r\n${lines}\r\n${body}`);
}

export interface AdapterOptions {
  readonly requestTimeoutMs?: number;
  /** Addresses and networks whose X-Forwarded-For is believed; everybody else's is ignored, or callers would choose the address that they are counted by. */
  readonly trustedProxies?: readonly string[];
}

/** The Fastify adapter as the hub runs it; pass it to NestFactory.create (or createNestApplication), then call configureApp. */
export function httpAdapter({ requestTimeoutMs = REQUEST_TIMEOUT_MS, trustedProxies = [] }: AdapterOptions = {}): FastifyAdapter {
  const adapter = new HubAdapter({
    bodyLimit: JSON_BODY_LIMIT_BYTES,
    requestTimeout: requestTimeoutMs,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    // Node looks for late requests only every 30 s unless told otherwise.
    http: { headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs), connectionsCheckingInterval: Math.min(2_000, requestTimeoutMs) },
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    // The hub refuses with a problem of its own while it stops.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    genReqId: (request: IncomingMessage) => chooseCorrelationId(request.headers),
    clientErrorHandler: refuseOnSocket as never,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      void reply.header('x-correlation-id', request.id).headers(SECURITY_HEADERS);
      sendProblem(toHubError(error), request, reply);
    },
    routerOptions: { maxParamLength: 512 },
  });
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  addParsers(fastify);
  // Node would answer 417 without a word to any expectation but 100-continue; RFC 9110 lets a server pass over those it does not know.
  fastify.server.on('checkExpectation', (request, response) => void fastify.server.emit('request', request, response));
  return adapter;
}
