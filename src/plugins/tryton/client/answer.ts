import { ConnectorError, type HttpResponse } from '@crossdock/connector-sdk';

/**
 * What Tryton said instead of a result. In each case its transaction was rolled back: nothing took effect.
 * `refused`: a rule or a right is against it; `warning`: a person would be asked to consent to `name`; `busy`: others were at the
 * same records; `broken`: an exception that no user was meant to see.
 */
export type Fault =
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'warning'; readonly name: string; readonly message: string }
  | { readonly kind: 'busy'; readonly message: string }
  | { readonly kind: 'broken'; readonly message: string };

export type Answer<Result = unknown> = { readonly kind: 'result'; readonly result: Result } | { readonly kind: 'fault'; readonly fault: Fault };

const MOST_WORDS = 500;
/** What SQLite and PostgreSQL say when transactions are in one another's way. */
const CONTENTION = /database is locked|could not serialize|deadlock|could not obtain lock/i;

/**
 * Judges an HTTP answer to a call. Tryton says 200 to nearly everything: what went wrong stands inside.
 * @throws ConnectorError: `auth_revoked`, `permission`, `config`, `rate_limited`; `ambiguous` where nobody knows what became of the call.
 */
export function judge(response: HttpResponse): Answer {
  const { status, headers, body } = response;
  if (status !== 200) throw failureOfStatus(status, headers['retry-after']);
  const answer = parsed(body);
  if (answer === undefined) throw new ConnectorError('ambiguous', 'the answer was no JSON object, though its status was 200');
  const { error } = answer;
  if (error !== undefined) return { kind: 'fault', fault: faultOf(Array.isArray(error) ? error : [error]) };
  if (!('result' in answer)) throw new ConnectorError('ambiguous', 'the answer held neither a result nor an error');
  return { kind: 'result', result: answer['result'] };
}

function failureOfStatus(status: number, retryAfter: string | undefined): ConnectorError {
  if (status === 401) return new ConnectorError('auth_revoked', 'Tryton does not accept the session, although it was new (401)');
  if (status === 403) return new ConnectorError('permission', 'Tryton does not let this user call what the connector needs (403)');
  if (status === 404 || (status >= 300 && status < 400)) return new ConnectorError('config', `there is no such database at this address (${status})`);
  if (status === 429) return new ConnectorError('rate_limited', 'Tryton asks to wait (429)', { retryAfterMs: 1_000 * Math.max(1, Number.parseInt(retryAfter ?? '30', 10) || 30) });
  if (status >= 500) return new ConnectorError('ambiguous', `Tryton, or a proxy before it, answered ${status}`);
  return new ConnectorError('plugin_bug', `Tryton did not understand the request (${status})`);
}

function faultOf([type, details]: readonly unknown[]): Fault {
  const words = Array.isArray(details) ? details.map((part) => (typeof part === 'string' ? part : '')) : [];
  const at = (index: number): string => (words[index] ?? '').slice(0, MOST_WORDS);
  if (type === 'UserError') return { kind: 'refused', message: [at(0), at(1)].filter((part) => part !== '').join(' ') };
  if (type === 'UserWarning') return { kind: 'warning', name: at(0), message: at(1) };
  if (type === 'ConcurrencyException') return { kind: 'busy', message: at(0) };
  const message = String(type).slice(0, MOST_WORDS);
  return { kind: CONTENTION.test(message) ? 'busy' : 'broken', message };
}

/** Calls are made in English, whatever the user's language: Tryton tells a missing right from a broken rule by its words alone. */
export function isMissingRight(message: string): boolean {
  return /^You are not allowed to|^Calling button .* is not allowed/.test(message);
}

function parsed(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(body) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
