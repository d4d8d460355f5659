import { beliefsAreTheFigures, everyFactOnce, figuresFollowFromLevels, ledgerAddsUpToLevels, levelsAreTheJournals, nothingIsMissing, nothingLeftOver, termsAddUp } from './checks.js';
import type { Evidence } from './evidence.js';
import { oversoldIsExplained } from './oversell.js';
import type { Verdict } from './verdict.js';

/**
 * Judges a replay from the outside: from what the hub's public API tells and what the systems' own books say, with
 * formulas of its own and nothing shared with the hub.
 * @param pool the locations that the online channels sell from.
 */
export function check(evidence: Evidence, pool: readonly string[]): Verdict[] {
  return [
    ledgerAddsUpToLevels(evidence),
    levelsAreTheJournals(evidence),
    everyFactOnce(evidence),
    nothingIsMissing(evidence),
    beliefsAreTheFigures(evidence),
    termsAddUp(evidence),
    figuresFollowFromLevels(evidence),
    nothingLeftOver(evidence),
    oversoldIsExplained(evidence, pool),
  ];
}
