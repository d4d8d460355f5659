import type { SaveReferenceOutcome } from '../reference.js';

/** Why an entry was left out, and what would make it pass; undefined when it was not. */
export function conflictWords(outcome: SaveReferenceOutcome): string | undefined {
  if (outcome.status !== 'conflict') return undefined;
  const { reason, holder } = outcome;
  return reason === 'external-id-taken'
    ? `The external id '${holder.externalId}' means '${holder.canonical}'; \`replace\` would point it anew.`
    : `'${holder.canonical}' is called '${holder.externalId}' there; send \`alias\` to add another name, or \`replace\` to change it.`;
}
