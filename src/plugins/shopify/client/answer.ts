import { ConnectorError, type HttpResponse } from '@crossdock/connector-sdk';
import { msToRestore, type ThrottleStatus } from './cost-bucket.js';
import { isRecord, pathOf, type Path } from './json-path.js';
import { retryAfterMs } from './retry-after.js';

/** One entry of `userErrors`, or one problem that Shopify found with the variables. */
export interface Complaint {
  readonly code: string;
  readonly message: string;
  readonly path: Path;
}

/**
 * What came of one call. `unknown`: it was sent, and whether it took effect cannot be told. Everything that waits for
 * a person (credentials, scopes, configuration, a bug) is thrown as a ConnectorError instead.
 */
export type Answer =
  | { readonly kind: 'data'; readonly data: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused'; readonly complaints: readonly Complaint[] }
  | { readonly kind: 'throttled'; readonly afterMs: number; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

export interface CostReport {
  readonly requestedCost: number | undefined;
  readonly status: ThrottleStatus | undefined;
}

const NO_REPORT: CostReport = { requestedCost: undefined, status: undefined };
const DEFAULT_WAIT_MS = 1_000;

/** The data of a question that changes nothing: asking it again is harmless, so every other answer is an error. @throws ConnectorError */
export function dataOf(answer: Answer): Readonly<Record<string, unknown>> {
  if (answer.kind === 'data') return answer.data;
  if (answer.kind === 'throttled') throw new ConnectorError('rate_limited', answer.reason, { retryAfterMs: answer.afterMs });
  if (answer.kind === 'unknown') throw new ConnectorError('transient', answer.reason);
  throw new ConnectorError('rejected', `Shopify refuses the question: ${answer.complaints[0]?.message ?? ''}`);
}

export interface ConnectionPage {
  readonly nodes: readonly Readonly<Record<string, unknown>>[];
  /** Null on the last page. */
  readonly endCursor: string | null;
}

/** One page of a Relay connection. @throws ConnectorError transient where the answer holds none. */
export function pageIn(data: Readonly<Record<string, unknown>>, name: string): ConnectionPage {
  const connection = data[name];
  if (!isRecord(connection) || !Array.isArray(connection['nodes']) || !isRecord(connection['pageInfo'])) throw new ConnectorError('transient', `the answer held no ${name}`);
  const { hasNextPage, endCursor } = connection['pageInfo'];
  return { nodes: connection['nodes'].filter(isRecord), endCursor: hasNextPage === true && typeof endCursor === 'string' ? endCursor : null };
}

/** Judges an HTTP answer. A 200 says little with GraphQL: throttling, refused fields and bugs all arrive inside one. */
export function judge(response: HttpResponse, nowMs: number): { readonly answer: Answer; readonly cost: CostReport } {
  const byStatus = judgeStatus(response, nowMs);
  if (byStatus !== undefined) return { answer: byStatus, cost: NO_REPORT };
  const body = parsed(response.body);
  if (body === undefined) return { answer: { kind: 'unknown', reason: 'the answer was no JSON object, though its status was 200' }, cost: NO_REPORT };
  const cost = costOf(body);
  return { answer: judgeBody(body, cost), cost };
}

function judgeStatus(response: HttpResponse, nowMs: number): Answer | undefined {
  const { status, headers } = response;
  if (status === 200) return undefined;
  // 430 is Shopify's own: its security layer asks for less traffic.
  if (status === 429 || status === 430) {
    return { kind: 'throttled', afterMs: retryAfterMs(headers['retry-after'], nowMs, DEFAULT_WAIT_MS), reason: `Shopify answered ${status}` };
  }
  if (status >= 500) return { kind: 'unknown', reason: `Shopify answered ${status}` };
  throw new ConnectorError(...failureOfStatus(status));
}

function failureOfStatus(status: number): [kind: 'auth_revoked' | 'permission' | 'config' | 'plugin_bug', message: string] {
  if (status === 401) return ['auth_revoked', 'Shopify does not accept the access token (401)'];
  if (status === 402) return ['permission', 'the shop is frozen: its plan is unpaid (402)'];
  if (status === 403) return ['permission', 'the access token may not do this, or the shop is closed (403)'];
  if (status === 423) return ['permission', 'the shop is locked (423)'];
  if (status === 404 || (status >= 300 && status < 400)) return ['config', `there is no Admin API at the shop's address (${status})`];
  return ['plugin_bug', `Shopify did not understand the request (${status})`];
}

function judgeBody(body: Readonly<Record<string, unknown>>, cost: CostReport): Answer {
  const errors = body['errors'];
  if (errors !== undefined && errors !== null) return judgeErrors(Array.isArray(errors) ? errors : [errors], cost);
  if (!isRecord(body['data'])) return { kind: 'unknown', reason: 'the answer held neither data nor errors' };
  return { kind: 'data', data: body['data'] };
}

/** Top-level errors: the document as a whole was not executed, except where Shopify says that it broke within. */
function judgeErrors(errors: readonly unknown[], cost: CostReport): Answer {
  const faults = errors.map(faultOf);
  const codes = new Set(faults.map((fault) => fault.code));
  if (codes.has('THROTTLED')) return { kind: 'throttled', afterMs: waitForCost(cost), reason: 'the query cost bucket is empty' };
  if (codes.has('INTERNAL_SERVER_ERROR') || codes.has('TIMEOUT')) return { kind: 'unknown', reason: 'Shopify reported an internal error' };
  const words = faults.map((fault) => fault.message).join('; ').slice(0, 500);
  if (codes.has('ACCESS_DENIED')) throw new ConnectorError('permission', `a scope is missing: ${words}`);
  if (codes.has('SHOP_INACTIVE')) throw new ConnectorError('permission', `the shop is inactive: ${words}`);
  const complaints = faults.flatMap((fault) => fault.problems);
  if (complaints.length > 0) return { kind: 'refused', complaints };
  throw new ConnectorError('plugin_bug', `Shopify refused the document: ${words}`);
}

interface Fault {
  readonly code: string;
  readonly message: string;
  readonly problems: readonly Complaint[];
}

function faultOf(error: unknown): Fault {
  if (!isRecord(error)) return { code: '', message: String(error), problems: [] };
  const message = typeof error['message'] === 'string' ? error['message'] : '';
  const extensions = isRecord(error['extensions']) ? error['extensions'] : {};
  const code = typeof extensions['code'] === 'string' ? extensions['code'] : '';
  const problems = Array.isArray(extensions['problems']) ? extensions['problems'].filter(isRecord) : [];
  return {
    // Before 2020 Shopify told throttling by the message alone, and some of its edges still do.
    code: code === '' && message === 'Throttled' ? 'THROTTLED' : code,
    message,
    problems: problems.map((problem) => ({ code: code === '' ? 'INVALID_VARIABLE' : code, message: String(problem['explanation'] ?? message), path: pathOf(problem['path']) })),
  };
}

function waitForCost({ requestedCost, status }: CostReport): number {
  if (status === undefined) return DEFAULT_WAIT_MS;
  const wait = msToRestore((requestedCost ?? status.maximumAvailable) - status.currentlyAvailable, status.restoreRate);
  return Math.max(wait, 100);
}

function costOf(body: Readonly<Record<string, unknown>>): CostReport {
  const extensions = body['extensions'];
  const cost = isRecord(extensions) && isRecord(extensions['cost']) ? extensions['cost'] : {};
  const requested = cost['requestedQueryCost'];
  return { requestedCost: typeof requested === 'number' ? requested : undefined, status: statusOf(cost['throttleStatus']) };
}

function statusOf(value: unknown): ThrottleStatus | undefined {
  if (!isRecord(value)) return undefined;
  const { maximumAvailable, currentlyAvailable, restoreRate } = value;
  if (typeof maximumAvailable !== 'number' || typeof currentlyAvailable !== 'number' || typeof restoreRate !== 'number') return undefined;
  return { maximumAvailable, currentlyAvailable, restoreRate };
}

function parsed(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
