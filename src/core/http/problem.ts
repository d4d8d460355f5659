import { HttpException } from '@nestjs/common';
import { ERROR_CODES, HubError, type ErrorCode } from '../errors/index.js';
import { databaseOutage } from '../persistence/database-outage.js';
import { sqlState } from '../persistence/database.js';

/** The body of every refusal (RFC 9457), sent as application/problem+json. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** The correlation id of the request. */
  readonly instance: string;
  readonly code: ErrorCode;
  readonly errors?: HubError['details']['errors'];
  readonly facts?: HubError['details']['facts'];
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';
const RETRY_AFTER_SECONDS = 5;

const BY_FASTIFY_CODE: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_NOT_FOUND: 'ROUTE_NOT_FOUND',
};

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'MALFORMED_BODY',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'ROUTE_NOT_FOUND',
  409: 'CONFLICT',
  413: 'BODY_TOO_LARGE',
  414: 'MALFORMED_REQUEST',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'VALIDATION_FAILED',
  429: 'TOO_MANY_ATTEMPTS',
  503: 'OVERLOADED',
};

/** character_not_in_repertoire and untranslatable_character: text that Postgres cannot hold came in by a way that no check covers. */
const TEXT_STATES = new Set(['22021', '22P05']);

function fastifyCodeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

function fromHttp(error: HttpException): HubError {
  const code = BY_FASTIFY_CODE[fastifyCodeOf(error.cause)] ?? BY_STATUS[error.getStatus()];
  if (code === undefined) return new HubError('INTERNAL', { cause: error });
  return new HubError(code, { cause: error });
}

/** Whatever was thrown, as the HubError that the caller is told of. An unexpected fault becomes INTERNAL and says nothing of itself. */
export function toHubError(error: unknown): HubError {
  if (error instanceof HubError) return error;
  if (error instanceof HttpException) return fromHttp(error);
  const code = fastifyCodeOf(error);
  if (code === 'FST_ERR_BAD_URL' || code === 'FST_ERR_ASYNC_CONSTRAINT' || code === 'FST_ERR_MAX_PARAM_LENGTH') return new HubError('MALFORMED_REQUEST', { detail: 'The path cannot be read.', cause: error });
  const known = BY_FASTIFY_CODE[code];
  if (known) return new HubError(known, { cause: error });
  if (code === 'ECONNRESET' && (error as Error).message === 'aborted') return new HubError('MALFORMED_BODY', { detail: 'The connection ended before the body did.', cause: error });
  if (TEXT_STATES.has(sqlState(error) ?? '')) return new HubError('VALIDATION_FAILED', { detail: 'The request contains a character that cannot be stored.', cause: error });
  return databaseOutage(error) ?? new HubError('INTERNAL', { cause: error });
}

export function problemOf(error: HubError, correlationId: string): Problem {
  const { title, status } = ERROR_CODES[error.code];
  // The message of an unexpected fault may hold anything; it goes to the log alone.
  const { detail, errors, facts } = error.code === 'INTERNAL' ? { detail: undefined, errors: undefined, facts: undefined } : error.details;
  return { type: `/docs/errors#${error.code}`, title, status, detail, instance: correlationId, code: error.code, errors, facts };
}

/** Seconds for Retry-After: always with 429 and 503, otherwise only where the error names them. */
export function retryAfterOf(error: HubError): number | undefined {
  const { retryAfterSeconds } = error.details;
  if (retryAfterSeconds !== undefined) return Math.max(1, Math.ceil(retryAfterSeconds));
  return error.status === 429 || error.status === 503 ? RETRY_AFTER_SECONDS : undefined;
}
