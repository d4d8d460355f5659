import { ConnectorError, type PostResult } from '@crossdock/connector-sdk';
import { type Answer, type Fault, isMissingRight } from '../client/answer.js';

/** Why a posting did not go through. */
export type NotPosted = Extract<PostResult, { kind: 'rejected' | 'retry' | 'ambiguous' }>;

export interface Isolated<Entry, Result> {
  /** What went through, each group of entries with the answer to the call that it went through by. */
  readonly through: readonly { readonly entries: readonly Entry[]; readonly result: Result }[];
  readonly failed: readonly (readonly [Entry, NotPosted])[];
}

const BUSY_MS = 2_000;
const TOMORROW_MS = 600_000;

/**
 * Calls for all entries at once. Tryton takes a call as a whole or not at all, and does not say what it stumbled over: so what it refuses
 * is tried again in halves, until the entries that it will not take stand alone.
 *
 * @throws ConnectorError where no entry could go through until a person acts: a missing right, above all.
 */
export async function isolate<Entry, Result>(entries: readonly Entry[], call: (entries: readonly Entry[]) => Promise<Answer<Result>>): Promise<Isolated<Entry, Result>> {
  if (entries.length === 0) return { through: [], failed: [] };
  const all = (result: NotPosted): Isolated<Entry, Result> => ({ through: [], failed: entries.map((entry) => [entry, result] as const) });
  let answer: Answer<Result>;
  try {
    answer = await call(entries);
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    if (error.kind === 'ambiguous') return all({ kind: 'ambiguous', reason: error.message });
    if (error.kind === 'transient') return all({ kind: 'retry', afterMs: error.retryAfterMs ?? BUSY_MS, reason: error.message });
    throw error;
  }
  if (answer.kind === 'result') return { through: [{ entries, result: answer.result }], failed: [] };
  const { fault } = answer;
  if (fault.kind === 'refused' && isMissingRight(fault.message)) throw new ConnectorError('permission', fault.message);
  if (fault.kind === 'busy') return all({ kind: 'retry', afterMs: BUSY_MS, reason: fault.message });
  if (entries.length === 1) return all(verdictOn(fault));
  const middle = Math.ceil(entries.length / 2);
  const first = await isolate(entries.slice(0, middle), call);
  const second = await isolate(entries.slice(middle), call);
  return { through: [...first.through, ...second.through], failed: [...first.failed, ...second.failed] };
}

function verdictOn(fault: Exclude<Fault, { kind: 'busy' }>): NotPosted {
  if (fault.kind === 'refused') return { kind: 'rejected', code: 'REFUSED', detail: fault.message };
  if (fault.kind === 'broken') return { kind: 'rejected', code: 'ERP_ERROR', detail: fault.message };
  // By the company's calendar it is still yesterday: the clocks of hub and ERP differ, or the company has no time zone.
  if (fault.name.endsWith('.effective_date_future')) return { kind: 'retry', afterMs: TOMORROW_MS, reason: fault.message };
  return { kind: 'rejected', code: 'NEEDS_CONSENT', detail: fault.message };
}
