import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isRecorded, recordOf } from './audit-record.js';
import type { Audit } from './audit.js';
import { begunOf } from './begin-audited.js';

/**
 * Records every write of the admin side, and every sign-in, refused ones too, before it is answered: a caller who was
 * told that something was done can rely on it that the log says so. What cannot be recorded is answered 503, although it
 * may have been done. What is begun and never answered, since the process was killed, is found by the note of
 * BeginAudited. Call it before routes are registered, after the hooks whose answers it records.
 */
export function addAuditHooks(fastify: FastifyInstance, audit: Audit): void {
  const logger = new Logger('audit');
  const record = async (request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> => {
    try {
      await audit.append(recordOf(request, reply.statusCode), begunOf(request));
      return payload;
    } catch (error) {
      logger.error({ err: error, correlationId: request.id, msg: 'A write of the admin side could not be recorded.' });
      if (reply.statusCode >= 400) return payload;
      void reply.code(503).header('content-type', 'application/problem+json; charset=utf-8').header('retry-after', '5').removeHeader('content-length');
      return JSON.stringify({ type: '/docs/errors#DATABASE_UNAVAILABLE', title: 'The database cannot be reached', status: 503, detail: 'The audit log cannot be written. Look whether the change was made before you repeat it.', instance: request.id, code: 'DATABASE_UNAVAILABLE' });
    }
  };
  fastify.addHook('onRoute', (route) => {
    if (![route.method].flat().some((method) => isRecorded(method, route.url))) return;
    route.onSend = [...[route.onSend ?? []].flat(), record as never];
  });
}
