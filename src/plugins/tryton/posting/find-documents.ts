import type { Erp } from '../client/erp.js';
import { CANCELLED, type DocumentModel, DONE, MODELS } from './documents.js';

/** A document of this connection as it stands in Tryton. */
export interface FoundDocument {
  readonly model: DocumentModel;
  readonly id: number;
  readonly reference: string;
  readonly state: string;
}

/** The documents that carry the references, by reference. A cancelled one never took effect and counts as not there. */
export async function findDocuments(erp: Erp, references: readonly string[]): Promise<Map<string, FoundDocument>> {
  const found = new Map<string, FoundDocument>();
  for (const model of MODELS) {
    const domain = [['reference', 'in', references], ['company', '=', erp.companyId], ['state', '!=', CANCELLED]];
    const rows = await erp.read<{ id: number; reference: string; state: string }[]>(`model.${model}.search_read`, [domain, 0, null, null, ['reference', 'state']]);
    for (const { id, reference, state } of rows) if (found.get(reference)?.state !== DONE) found.set(reference, { model, id, reference, state });
  }
  return found;
}

/** State and number of documents of one model, by their ids. */
export async function readDocuments(erp: Erp, model: DocumentModel, ids: readonly number[]): Promise<Map<number, { readonly state: string; readonly number: string }>> {
  const rows = await erp.read<{ id: number; state: string; number: string | null }[]>(`model.${model}.read`, [ids, ['state', 'number']]);
  return new Map(rows.map(({ id, state, number }) => [id, { state, number: number ?? String(id) }]));
}
