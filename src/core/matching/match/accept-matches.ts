import { Injectable } from '@nestjs/common';
import { CrossReferences } from '../../mapping/cross-references.js';
import type { MatchReason } from '../../mapping/known-catalog.js';
import type { MappedEntity } from '../../mapping/reference.js';
import type { ReferenceKey } from '../../mapping/reference-store.js';
import { sureCandidates, type Match } from './match.js';
import { ReadMatches } from './read-matches.js';

export interface AcceptOptions {
  readonly entity?: MappedEntity;
  /** Signs that count as sure enough: of `sku`, `gtin`, `code`. */
  readonly reasons: readonly MatchReason[];
  readonly dryRun: boolean;
  readonly after?: ReferenceKey;
}

export interface Acceptance {
  /** Cross-references saved, or that would be. */
  readonly matched: number;
  /** Open entries that are left for a person: several candidates, none that is sure, or another conflict. */
  readonly left: number;
  readonly next: ReferenceKey | undefined;
}

/** Open entries that one call looks at: it answers within a few seconds, and says where to go on. */
const MOST_A_CALL = 2_000;

/** Saves a cross-reference for each open entry that one sure sign, and nothing else, leads to one canonical thing. */
@Injectable()
export class AcceptMatches {
  constructor(
    private readonly matches: ReadMatches,
    private readonly references: CrossReferences,
  ) {}

  /** Repeating a call is harmless: what is matched is not open any more. */
  async accept(sourceId: number, { entity, reasons, dryRun, after }: AcceptOptions): Promise<Acceptance> {
    const { matches, next } = await this.matches.page(sourceId, { entity, state: 'open' }, after, MOST_A_CALL);
    const sure = matches.flatMap((match) => {
      const canonical = onlyAnswer(match, reasons);
      return canonical === undefined ? [] : [{ entity: match.entity, type: match.type, externalId: match.externalId, canonical, alias: false }];
    });
    // Two entries may lead to one thing: the first one gets it, as saving one after the other decides.
    const outcomes = dryRun ? [] : await this.references.save(sourceId, sure);
    const matched = dryRun ? sure.length : outcomes.filter(({ status }) => status !== 'conflict').length;
    return { matched, left: matches.length - matched, next };
  }
}

function onlyAnswer({ candidates, conflicts }: Match, reasons: readonly MatchReason[]): string | undefined {
  const sure = sureCandidates(candidates);
  const [first] = sure;
  return sure.length === 1 && first && conflicts.length === 0 && reasons.includes(first.reason) ? first.canonicalId : undefined;
}
