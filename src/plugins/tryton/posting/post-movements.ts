import type { CallContext, MovementPosting, PostResult } from '@crossdock/connector-sdk';
import { Erp } from '../client/erp.js';
import { referenceOf, type TrytonConfig } from '../config.js';
import { createDocuments } from './create-documents.js';
import type { DocumentPlan } from './documents.js';
import { type FoundDocument, findDocuments } from './find-documents.js';
import { finishDocuments, type Outcome } from './finish-documents.js';
import { planDocument } from './plan-document.js';
import { readBasis } from './read-basis.js';

/**
 * Writes each movement as one document that carries the posting's key as its reference: one answer a posting, in order.
 *
 * What is there already is found by its reference first and finished where a crash had left it half way; the rest is made in one
 * transaction a kind of document, and finished in one a step. A document that Tryton refuses is found by halving the batch; it
 * is cancelled, and the others go on.
 *
 * @throws ConnectorError where nothing can be posted until a person acts.
 */
export async function postMovements(ctx: CallContext<TrytonConfig>, postings: readonly MovementPosting[]): Promise<readonly PostResult[]> {
  const erp = await Erp.open(ctx);
  const references = postings.map(({ key }) => referenceOf(ctx.connectionId, key));
  const found = await findDocuments(erp, references);
  const results = new Map<string, PostResult>();
  const fresh = postings.filter((_, index) => !found.has(references[index] as string));
  const basis = fresh.length === 0 ? undefined : await readBasis(erp, fresh.map(({ item }) => item));
  const plans = new Map<string, DocumentPlan>();
  for (const posting of fresh) {
    const reference = referenceOf(ctx.connectionId, posting.key);
    const planned = planDocument(posting, { reference, company: erp.companyId, timeZone: erp.timeZone, basis: basis as NonNullable<typeof basis> });
    if (planned.kind === 'settled') results.set(reference, planned.result);
    else plans.set(reference, planned.plan);
  }
  const made = await createDocuments(erp, [...plans.values()]);
  const outcomes = new Map<string, Outcome>([...made.failed, ...(await finishDocuments(erp, [...found.values(), ...made.documents]))]);
  return references.map((reference) => results.get(reference) ?? resultOf(outcomes.get(reference), found.get(reference)));
}

function resultOf(outcome: Outcome | undefined, earlier: FoundDocument | undefined): PostResult {
  if (outcome === undefined) return { kind: 'ambiguous', reason: 'nothing is known of its document' };
  if (outcome.kind !== 'done') return outcome;
  return { kind: earlier === undefined ? 'applied' : 'duplicate', reference: outcome.number };
}
