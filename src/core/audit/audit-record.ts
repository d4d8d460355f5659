import type { FastifyRequest } from 'fastify';
import type { AuthenticatedRequest, Caller } from '../governance/access.js';
import { redact, scrubText } from '../observability/redact.js';
import type { AuditActor, AuditIntent, AuditRecord } from './audit.js';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** A sign-in although it is a GET: the browser comes back to it from the identity provider. */
const SIGN_IN_BY_PROVIDER = '/admin/v1/oidc/callback';
const LONGEST_CHANGE = 16_384;
const LONGEST_TEXT = 300;
const HIDDEN = '[hidden]';
/** Statuses of what could not be read, or does not fit its schema. */
const UNFIT: ReadonlySet<number> = new Set([400, 415, 422]);

/** Whether a route writes to the admin side, or is a way to sign in. */
export function isRecorded(method: string, url: string): boolean {
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

/** What is to be done, before anything is: of the body no more than the names, since whether it fits its schema is not known yet. */
export function intentOf(request: FastifyRequest & AuthenticatedRequest): AuditIntent {
  return {
    actor: actorOf(request.caller),
    address: request.ip,
    userAgent: request.headers['user-agent'] === undefined ? null : scrubText(request.headers['user-agent'].slice(0, LONGEST_TEXT)),
    action: `${request.method} ${request.routeOptions.url}`,
    object: scrubText((request.url.split('?')[0] ?? '').slice(0, 1_024)),
    change: namesOf(request.body),
    correlationId: request.id,
  };
}

export function recordOf(request: FastifyRequest & AuthenticatedRequest, status: number): AuditRecord {
  const intent = intentOf(request);
  return { ...intent, change: UNFIT.has(status) ? intent.change : changeOf(request.body), status };
}
