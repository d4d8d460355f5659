import type { Erp } from '../client/erp.js';
import { type DocumentPlan, MODELS } from './documents.js';
import type { FoundDocument } from './find-documents.js';
import { isolate, type NotPosted } from './isolate.js';

export interface Created {
  readonly documents: readonly FoundDocument[];
  /** By reference. */
  readonly failed: readonly (readonly [string, NotPosted])[];
}

/** Makes drafts of the planned documents, those of one model in one transaction. @throws ConnectorError */
export async function createDocuments(erp: Erp, plans: readonly DocumentPlan[]): Promise<Created> {
  const documents: FoundDocument[] = [];
  const failed: (readonly [string, NotPosted])[] = [];
  for (const model of MODELS) {
    const mine = plans.filter((plan) => plan.model === model);
    const made = await isolate(mine, (some) => erp.write<number[]>(`model.${model}.create`, [some.map(({ values }) => values)]));
    for (const { entries, result } of made.through) {
      entries.forEach(({ reference }, index) => documents.push({ model, id: result[index] as number, reference, state: 'draft' }));
    }
    failed.push(...made.failed.map(([{ reference }, verdict]) => [reference, verdict] as const));
  }
  return { documents, failed };
}
