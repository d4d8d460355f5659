import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AuthenticatedRequest, Caller } from '../governance/access.js';
import { redact, scrubText } from '../observability/redact.js';
import type { Audit, AuditActor, AuditRecord } from './audit.js';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** A sign-in although it is a GET: the browser comes back to it from the identity provider. */
const SIGN_IN_BY_PROVIDER = '/admin/v1/oidc/callback';
const LONGEST_CHANGE = 16_384;
const LONGEST_TEXT = 300;
const HIDDEN = '[hidden]';
/** Statuses of what could not be read, or does not fit its schema. */
const UNFIT: ReadonlySet<number> = new Set([400, 415, 422]);

function isRecorded(method: string, url: string): boolean {
  return url.startsWith('/admin/') && (!READS.has(method) || (method === 'GET' && url === SIGN_IN_BY_PROVIDER));
}

function actorOf(caller: Caller | undefined): AuditActor {
  if (!caller) return { kind: 'nobody', name: '', id: null, role: null };
  if (caller.kind === 'client') return { kind: 'client', name: caller.clientId, id: caller.keyId, role: null };
  return { kind: 'user', name: caller.email, id: caller.userId, role: caller.role };
}

/** Secrets are hidden by the names that they stand under, and by their form. What is too large is told by its size. */
function changeOf(body: unknown): unknown {
  if (body === undefined || body === null) return null;
  const shown = redact(body);
  const { length } = JSON.stringify(shown);
  return length > LONGEST_CHANGE ? `[${length} characters]` : shown;
}

/** What did not fit its schema is told by its names alone: whoever mistakes one field for another writes a password anywhere. */
function namesOf(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return changeOf(body === undefined || body === null ? body : HIDDEN);
  return changeOf(Object.fromEntries(Object.keys(body).map((name) => [name, HIDDEN])));
}

function recordOf(request: FastifyRequest & AuthenticatedRequest, status: number): AuditRecord {
  return {
    actor: actorOf(request.caller),
    address: request.ip,
    userAgent: request.headers['user-agent'] === undefined ? null : scrubText(request.headers['user-agent'].slice(0, LONGEST_TEXT)),
    action: `${request.method} ${request.routeOptions.url}`,
    object: scrubText((request.url.split('?')[0] ?? '').slice(0, 1_024)),
    change: UNFIT.has(status) ? namesOf(request.body) : changeOf(request.body),
    status,
    correlationId: request.id,
  };
}

/**
 * Records every write of the admin side, and every sign-in, refused ones too, before it is answered: a caller who was
 * told that something was done can rely on it that the log says so. What cannot be recorded is answered 503, although it
 * may have been done. Call it before routes are registered, after the hooks whose answers it records.
 */
export function addAuditHooks(fastify: FastifyInstance, audit: Audit): void {
  const logger = new Logger('audit');
  const record = async (request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> => {
    try {
      await audit.append(recordOf(request, reply.statusCode));
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
