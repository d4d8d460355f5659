import { finished } from 'node:stream';
import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { effects } from '../../persistence/database.js';
import type { KeptAnswers } from './kept-answers.js';
import { KeyedRequest, type Claim } from './keyed-request.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a write that carries an Idempotency-Key. */
    keyed: KeyedRequest | undefined;
    /** SHA-256 of the body, where it will be asked for. */
    bodyDigest: Buffer | undefined;
  }
}

const WRITES = /^\/(api|admin)\/v1\//;
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether an Idempotency-Key means something on the route. */
export function takesKey(method: string, url: string): boolean {
  return WRITES.test(url) && !READS.has(method);
}

type Payload = string | Buffer | NodeJS.ReadableStream | null | undefined;

async function settle(claim: Claim, answers: KeptAnswers, reply: FastifyReply, payload: Payload): Promise<void> {
  const { statusCode } = reply;
  if (statusCode < 200 || statusCode >= 300) return answers.release(claim);
  if (payload === null || payload === undefined || typeof payload === 'string' || Buffer.isBuffer(payload)) {
    return answers.keep(claim, statusCode, (reply.getHeader('content-type') as string | undefined) ?? null, Buffer.from(payload ?? ''));
  }
  // What is answered while it is done is not kept; until it is over nobody else may begin.
  finished(reply.raw, () => void answers.release(claim).catch(() => undefined));
}

/** Before the caller is answered its answer is kept, or its key is given back. Call it before routes are registered. */
export function addIdempotencyHooks(fastify: FastifyInstance, answers: KeptAnswers): void {
  const logger = new Logger('idempotency');
  const begin = (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    const header = request.headers['idempotency-key'];
    if (header === undefined) return done();
    request.keyed = new KeyedRequest(String(header), request.bodyDigest);
    effects.run(request.keyed, done);
  };
  const end = (request: FastifyRequest, reply: FastifyReply, payload: Payload, done: (error: null, payload: Payload) => void): void => {
    const claim = request.keyed?.claim;
    if (!request.keyed || !claim) return done(null, payload);
    request.keyed.claim = undefined;
    // The work is done; an answer that cannot be kept is given all the same. Who repeats it is answered from what the transactions kept.
    settle(claim, answers, reply, payload)
      .catch((error: unknown) => logger.warn({ err: error, correlationId: request.id, msg: 'An answer could not be kept for its Idempotency-Key.' }))
      .finally(() => done(null, payload));
  };
  fastify.decorateRequest('keyed', undefined);
  fastify.decorateRequest('bodyDigest', undefined);
  fastify.addHook('onRoute', (route) => {
    if (![route.method].flat().some((method) => takesKey(method, route.url))) return;
    route.preValidation = [...[route.preValidation ?? []].flat(), begin];
    route.onSend = [...[route.onSend ?? []].flat(), end as never];
  });
}
