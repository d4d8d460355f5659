import type { Answer } from '../client/answer.js';
import type { Erp } from '../client/erp.js';
import { type DocumentModel, DONE, MODELS, STEPS } from './documents.js';
import { type FoundDocument, readDocuments } from './find-documents.js';
import { isolate, type NotPosted } from './isolate.js';

export type Outcome = { readonly kind: 'done'; readonly number: string } | NotPosted;

/** No document has more steps than this to go. */
const MOST_ROUNDS = 6;

/**
 * Takes documents to the end of their ways, all that stand at the same step together. One that Tryton refuses is cancelled, so that nothing
 * half-done stays in its lists. @returns by reference. @throws ConnectorError
 */
export async function finishDocuments(erp: Erp, documents: readonly FoundDocument[]): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  for (const model of MODELS) {
    const mine = documents.filter((document) => document.model === model);
    if (mine.length === 0) continue;
    const stuck = await takeSteps(erp, model, mine);
    const now = await readDocuments(erp, model, mine.map(({ id }) => id));
    for (const { id, reference } of mine) {
      const found = now.get(id);
      const unfinished: NotPosted = stuck.get(id) ?? { kind: 'retry', afterMs: 1_000, reason: `the document stands at ${found?.state ?? 'nowhere'}` };
      outcomes.set(reference, found?.state === DONE ? { kind: 'done', number: found.number } : unfinished);
    }
    await cancel(erp, model, [...stuck].flatMap(([id, { kind }]) => (kind === 'rejected' && now.get(id)?.state !== DONE ? [id] : [])));
  }
  return outcomes;
}

/** Why documents are stuck, by their ids. Whether a step really led where it leads is told by reading the documents in the end. */
async function takeSteps(erp: Erp, model: DocumentModel, documents: readonly FoundDocument[]): Promise<Map<number, NotPosted>> {
  const stuck = new Map<number, NotPosted>();
  let going = documents.filter(({ state }) => state !== DONE);
  for (let round = 0; going.length > 0 && round < MOST_ROUNDS; round += 1) {
    const groups = Map.groupBy(going, ({ state }) => state);
    going = [];
    for (const [state, group] of groups) {
      const step = STEPS[model][state];
      if (step === undefined) continue;
      const pressed = await isolate(group, (some) => press(erp, model, step.button, some.map(({ id }) => id)));
      for (const [{ id }, verdict] of pressed.failed) stuck.set(id, verdict);
      if (step.leadsTo !== DONE) going.push(...pressed.through.flatMap(({ entries }) => entries.map((document) => ({ ...document, state: step.leadsTo }))));
    }
  }
  return stuck;
}

/** Presses a button, and consents to what the hub stands for itself: that goods moved without an order in Tryton. */
async function press(erp: Erp, model: DocumentModel, button: string, ids: readonly number[]): Promise<Answer<unknown>> {
  const answer = await erp.write(`model.${model}.${button}`, [ids]);
  if (answer.kind !== 'fault' || answer.fault.kind !== 'warning' || !answer.fault.name.endsWith('.done')) return answer;
  const [user] = await erp.read<number[]>('model.res.user.search', [[['login', '=', erp.ctx.config.user]], 0, 1, null]);
  const consented = await erp.write('model.res.user.warning.create', [[{ user, name: answer.fault.name }]]);
  return consented.kind === 'fault' ? consented : erp.write(`model.${model}.${button}`, [ids]);
}

/** Best effort: the verdict stands whether or not the draft could be cancelled. */
async function cancel(erp: Erp, model: DocumentModel, ids: readonly number[]): Promise<void> {
  try {
    await isolate(ids, (some) => erp.write(`model.${model}.cancel`, [some]));
  } catch (error) {
    erp.ctx.log('warn', 'refused documents could not be cancelled in Tryton', { model, documents: ids, reason: (error as Error).message });
  }
}
