import type { Candidate } from '../../mapping/known-catalog.js';
import type { OutsideEntry } from '../outside-entry.js';

/**
 * Where an outside entry stands. `matched`: a cross-reference leads from it to a canonical thing. `open`: none does.
 * `ignored`: a person said to leave it alone. `unlisted`: a cross-reference names it, and the outside system does not list it (any more).
 */
export const MATCH_STATES = ['open', 'matched', 'ignored', 'unlisted'] as const;
export type MatchState = (typeof MATCH_STATES)[number];

export const CONFLICT_KINDS = ['several-candidates', 'taken', 'contradiction', 'shared-sku', 'unlisted', 'unknown-canonical'] as const;
/**
 * What is wrong between two catalogues. `several-candidates`: sure signs lead to different canonical things. `taken`: they lead
 * to one that another entry of the same type already stands for. `contradiction`: the cross-reference leads to one thing,
 * sure signs to another. `shared-sku`: the outside system has the SKU twice. `unlisted`: a cross-reference names what is not
 * listed any more. `unknown-canonical`: a cross-reference leads to what the catalogue does not have.
 */
export type ConflictKind = (typeof CONFLICT_KINDS)[number];

/** One line of the comparison of two catalogues: what is listed outside, what is referenced, or both. */
export interface MatchRow extends Omit<OutsideEntry, 'name' | 'active'> {
  /** Null where a cross-reference names what was never listed. */
  readonly name: string | null;
  readonly active: boolean;
  /** Seen by the last survey that came to its end, or by one after it. */
  readonly listed: boolean;
  readonly ignored: boolean;
  readonly canonicalId: string | null;
  readonly alias: boolean;
  /** How many listed entries of the type have the same SKU, this one included. */
  readonly sameSku: number;
}

export interface Conflict {
  readonly kind: ConflictKind;
  readonly detail: string;
}

export interface Match extends MatchRow {
  readonly state: MatchState;
  /** For an open entry: what it may be, the surest first. */
  readonly candidates: readonly Candidate[];
  readonly conflicts: readonly Conflict[];
}

/** What is known of the canonical side of one row. */
export interface CanonicalSide {
  readonly candidates: readonly Candidate[];
  /** By canonical id: the external id that already stands for it, within the row's type. */
  readonly spokenFor: ReadonlyMap<string, string>;
  readonly exists: boolean;
}

/** So sure that a person need not look: the retailer's own number, or the trade's. */
const SURE: ReadonlySet<string> = new Set(['sku', 'gtin', 'code']);

export function sureCandidates(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter(({ reason }) => SURE.has(reason));
}

export function stateOf(row: MatchRow): MatchState {
  if (row.canonicalId !== null) return row.listed ? 'matched' : 'unlisted';
  return row.ignored ? 'ignored' : 'open';
}

/** Puts a row and its canonical side together. Pure. */
export function judge(row: MatchRow, side: CanonicalSide): Match {
  const state = stateOf(row);
  return { ...row, state, candidates: state === 'open' ? side.candidates : [], conflicts: state === 'ignored' ? [] : conflictsOf(row, state, side) };
}

function conflictsOf(row: MatchRow, state: MatchState, { candidates, spokenFor, exists }: CanonicalSide): Conflict[] {
  const conflicts: Conflict[] = [];
  const sure = sureCandidates(candidates);
  const names = sure.map(({ canonicalId, reason }) => `'${canonicalId}' (${reason})`).join(', ');
  if (state === 'unlisted') conflicts.push({ kind: 'unlisted', detail: 'The outside system does not list it any more, and a cross-reference names it.' });
  if (row.canonicalId !== null && !exists) conflicts.push({ kind: 'unknown-canonical', detail: `The cross-reference leads to '${row.canonicalId}', which is not in the catalogue.` });
  if (state === 'open' && sure.length > 1) conflicts.push({ kind: 'several-candidates', detail: `It may be ${names}.` });
  if (state === 'open' && sure.length === 1) {
    const holder = spokenFor.get(sure[0]?.canonicalId ?? '');
    if (holder !== undefined && holder !== row.externalId) conflicts.push({ kind: 'taken', detail: `${names} is matched to ${row.type} '${holder}' already.` });
  }
  if (state === 'matched' && sure.length > 0 && !sure.some(({ canonicalId }) => canonicalId === row.canonicalId)) {
    conflicts.push({ kind: 'contradiction', detail: `It is matched to '${row.canonicalId}', and looks like ${names}.` });
  }
  if (row.listed && row.sameSku > 1) conflicts.push({ kind: 'shared-sku', detail: `${row.sameSku} entries of the outside system have the SKU '${row.sku}'.` });
  return conflicts;
}
