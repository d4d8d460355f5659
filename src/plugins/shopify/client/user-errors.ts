import type { ConnectorErrorKind, PublishResult } from '@crossdock/connector-sdk';
import type { Complaint } from './answer.js';
import { indexAfter, isRecord, pathOf } from './json-path.js';

/** What Shopify's complaints about one batch come to. Numbers are positions in the batch as it was sent. */
export type SortedComplaints =
  | { readonly kind: 'rows'; readonly results: ReadonlyMap<number, PublishResult> }
  | { readonly kind: 'all'; readonly result: PublishResult }
  | { readonly kind: 'freshKey' }
  | { readonly kind: 'failed'; readonly errorKind: ConnectorErrorKind; readonly message: string };

/** The connector wrote these itself, so a complaint about one of them is its own fault. */
const OWN_FAULTS: ReadonlySet<string> = new Set(['INVALID_NAME', 'INVALID_REASON', 'INVALID_REFERENCE_DOCUMENT', 'COMPARE_QUANTITY_REQUIRED']);
/** The same key cannot succeed any more, for example because its first attempt failed halfway. */
const KEY_FAULTS: ReadonlySet<string> = new Set(['IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED', 'IDEMPOTENCY_KEY_PARAMETER_MISMATCH']);
const PASSING: ReadonlySet<string> = new Set(['CHANGE_FROM_QUANTITY_STALE', 'COMPARE_QUANTITY_STALE', 'SERVICE_UNAVAILABLE']);

export function complaintsOf(userErrors: readonly unknown[]): Complaint[] {
  return userErrors.map((error) => {
    const { code, message, field } = isRecord(error) ? error : {};
    return { code: typeof code === 'string' ? code : 'UNKNOWN', message: typeof message === 'string' ? message : '', path: pathOf(field) };
  });
}

export function sortComplaints(complaints: readonly Complaint[], rowCount: number): SortedComplaints {
  const first = (codes: ReadonlySet<string>) => complaints.find((complaint) => codes.has(complaint.code));
  if (first(KEY_FAULTS) !== undefined) return { kind: 'freshKey' };
  if (complaints.some((complaint) => complaint.code === 'IDEMPOTENCY_CONCURRENT_REQUEST')) {
    return { kind: 'all', result: { kind: 'retry', afterMs: 1_000, reason: 'the same request is being executed' } };
  }
  const ownFault = first(OWN_FAULTS);
  if (ownFault !== undefined) return { kind: 'failed', errorKind: 'plugin_bug', message: `${ownFault.code}: ${ownFault.message}` };
  // Every row names the one configured location.
  const location = complaints.find((complaint) => complaint.code === 'INVALID_LOCATION');
  if (location !== undefined) return { kind: 'failed', errorKind: 'config', message: `Shopify does not know the location of this connection: ${location.message}` };
  const results = new Map<number, PublishResult>();
  for (const complaint of complaints) {
    const at = indexAfter(complaint.path, 'quantities');
    if (at !== undefined && at < rowCount && !results.has(at)) results.set(at, resultOf(complaint));
  }
  if (results.size > 0) return { kind: 'rows', results };
  const unplaced = complaints[0];
  return { kind: 'all', result: unplaced === undefined ? { kind: 'ambiguous', reason: 'Shopify refused without saying why' } : resultOf(unplaced) };
}

function resultOf({ code, message }: Complaint): PublishResult {
  return PASSING.has(code) ? { kind: 'retry', afterMs: 1_000, reason: `${code}: ${message}` } : { kind: 'rejected', code, detail: message };
}
