import { ConnectorError, type HttpResponse } from '@crossdock/connector-sdk';
import { isRecord, type Fields } from '../mapping/fields.js';
import { retryAfterMs } from './retry-after.js';

/**
 * What came of one call. `forbidden`: nobody is signed in any more, or whoever is may not do this; Vendure says the same
 * to both. `unknown`: it was sent, and whether it took effect cannot be told. What waits for a person is thrown.
 */
export type Answer =
  | { readonly kind: 'data'; readonly data: Fields }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'throttled'; readonly afterMs: number; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Codes by which Vendure says that it did nothing, because of what was asked. */
const REFUSALS: ReadonlySet<string> = new Set(['ENTITY_NOT_FOUND', 'USER_INPUT_ERROR', 'ILLEGAL_OPERATION']);
/** The document or its variables are not what this server's schema takes. */
const NOT_UNDERSTOOD: ReadonlySet<string> = new Set(['GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_PARSE_FAILED', 'BAD_USER_INPUT']);

/**
 * Judges an HTTP answer. Nearly everything that Vendure refuses stands inside a 200.
 * @throws ConnectorError config, auth_expired, permission, plugin_bug
 */
export function judge(response: HttpResponse, nowMs: number): Answer {
  const { status, headers } = response;
  if (status === 429) return { kind: 'throttled', afterMs: retryAfterMs(headers['retry-after'], nowMs), reason: 'the server answered 429' };
  if (status >= 500) return { kind: 'unknown', reason: `the server answered ${status}` };
  const body = parsed(response.body);
  // Vendure answers 400 to a document that its schema does not know; whatever else is no 200 is said by something in front of it.
  if (status === 200 || (status === 400 && body?.['errors'] !== undefined)) return judgeBody(body);
  if (status === 401) throw new ConnectorError('auth_expired', 'the server does not accept the session (401)');
  if (status === 403) throw new ConnectorError('permission', 'something in front of the server refuses the hub (403)');
  if (status === 404 || (status >= 300 && status < 400)) throw new ConnectorError('config', `there is no Admin API at this address (${status})`);
  throw new ConnectorError('plugin_bug', `the server did not understand the request (${status})`);
}

function judgeBody(body: Fields | undefined): Answer {
  if (body === undefined) return { kind: 'unknown', reason: 'the answer was no JSON object, though its status was 200' };
  const { errors, data } = body;
  if (Array.isArray(errors) && errors.length > 0) return judgeErrors(errors);
  return isRecord(data) ? { kind: 'data', data } : { kind: 'unknown', reason: 'the answer held neither data nor errors' };
}

function judgeErrors(errors: readonly unknown[]): Answer {
  const faults = errors.map(faultOf);
  const has = (codes: ReadonlySet<string>) => faults.find((fault) => codes.has(fault.code));
  if (has(new Set(['FORBIDDEN']))) return { kind: 'forbidden' };
  const words = faults.map((fault) => fault.message).join('; ').slice(0, 500);
  if (has(new Set(['CHANNEL_NOT_FOUND']))) throw new ConnectorError('config', `the server has no channel with this token: ${words}`);
  if (has(NOT_UNDERSTOOD)) throw new ConnectorError('plugin_bug', `the server's schema does not take the request: ${words}`);
  const refused = has(REFUSALS);
  if (refused !== undefined) return { kind: 'refused', ...refused };
  return { kind: 'unknown', reason: `the server reported an error: ${words}` };
}

function faultOf(error: unknown): { code: string; message: string } {
  if (!isRecord(error)) return { code: '', message: String(error) };
  const extensions = isRecord(error['extensions']) ? error['extensions'] : {};
  return { code: String(extensions['code'] ?? ''), message: String(error['message'] ?? '') };
}

function parsed(body: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
