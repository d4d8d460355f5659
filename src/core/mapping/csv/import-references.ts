import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { idFault } from '../../canonical/index.js';
import { HubError } from '../../errors/index.js';
import { CrossReferences } from '../cross-references.js';
import { LONGEST_EXTERNAL_ID, LONGEST_TYPE, type CrossReference } from '../reference.js';
import { plain, readCsv, type CsvRecord } from './csv.js';
import { CSV_COLUMNS } from './export-references.js';

const REFERENCES_A_BATCH = 1_000;
const MOST_REFUSALS_SHOWN = 1_000;

export interface ImportReport {
  created: number;
  updated: number;
  unchanged: number;
  /** How many lines changed nothing because something is wrong with them. */
  refused: number;
  /** The first thousand of them. */
  readonly refusals: { readonly line: number; readonly detail: string }[];
}

type Column = (typeof CSV_COLUMNS)[number];
type Read = { readonly reference: CrossReference } | { readonly fault: string };

/** Reads references of one connection from CSV and saves them, batch by batch; a line that is wrong spoils no other. */
@Injectable()
export class ImportReferences {
  constructor(private readonly references: CrossReferences) {}

  /**
   * @param describe says in words why a stored reference stands in the way.
   * @throws HubError MALFORMED_BODY when it is not CSV in UTF-8 (whatever stands before the fault has been saved);
   *   VALIDATION_FAILED when the first line does not name the columns.
   */
  async csv(sourceId: number, body: Buffer, replace: boolean, describe: (outcome: Awaited<ReturnType<CrossReferences['save']>>[number]) => string | undefined): Promise<ImportReport> {
    if (!isUtf8(body)) throw new HubError('MALFORMED_BODY', { detail: 'The body is not UTF-8.' });
    const report: ImportReport = { created: 0, updated: 0, unchanged: 0, refused: 0, refusals: [] };
    const records = readCsv(body.toString('utf8'));
    const places = columnPlaces(records.next().value as CsvRecord | undefined);
    for (const batch of batches(records)) {
      const read = batch.map((record) => referenceOf(record, places));
      const references = read.flatMap((each) => ('reference' in each ? each.reference : []));
      const outcomes = (await this.references.save(sourceId, references, { replace })).values();
      batch.forEach(({ line }, index) => {
        const each = read[index];
        const outcome = each && 'reference' in each ? outcomes.next().value : undefined;
        if (outcome && outcome.status !== 'conflict') report[outcome.status] += 1;
        else refuse(report, line, each && 'fault' in each ? each.fault : outcome && describe(outcome));
      });
      // Lines that are all refused never wait for the database; other requests must get their turn all the same.
      await nextTurn();
    }
    return report;
  }
}

function refuse(report: ImportReport, line: number, detail = 'could not be saved'): void {
  report.refused += 1;
  if (report.refusals.length < MOST_REFUSALS_SHOWN) report.refusals.push({ line, detail });
}

function columnPlaces(header: CsvRecord | undefined): ReadonlyMap<string, number> {
  const places = new Map(header?.fields.map((name, place) => [name.trim(), place]));
  const missing = CSV_COLUMNS.filter((name) => name !== 'alias' && !places.has(name));
  const strange = [...places.keys()].filter((name) => !(CSV_COLUMNS as readonly string[]).includes(name));
  if (missing.length === 0 && strange.length === 0) return places;
  const detail = `The first line must name the columns ${CSV_COLUMNS.join(', ')} (alias may be left out), in any order.`;
  throw new HubError('VALIDATION_FAILED', { detail, errors: [{ pointer: '', detail: 'does not begin with a line of column names' }] });
}

function* batches(records: Iterable<CsvRecord>): Generator<CsvRecord[]> {
  let batch: CsvRecord[] = [];
  for (const record of records) {
    batch.push(record);
    if (batch.length < REFERENCES_A_BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function referenceOf({ fields }: CsvRecord, places: ReadonlyMap<string, number>): Read {
  if (fields.length !== places.size) return { fault: `has ${fields.length} fields instead of ${places.size}` };
  const field = (name: Column): string => plain(fields[places.get(name) ?? -1] ?? '');
  const [entity, type, externalId, canonical, alias] = CSV_COLUMNS.map(field) as [string, string, string, string, string];
  if (entity !== 'item' && entity !== 'location') return { fault: 'entity must be item or location' };
  if (type === '' || type.length > LONGEST_TYPE || type.includes('\0')) return { fault: `type must be 1 to ${LONGEST_TYPE} characters long` };
  if (externalId === '' || externalId.length > LONGEST_EXTERNAL_ID || externalId.includes('\0')) return { fault: `externalId must be 1 to ${LONGEST_EXTERNAL_ID} characters long` };
  const fault = idFault(canonical);
  if (fault) return { fault: `canonicalId ${fault}` };
  if (!['', 'true', 'false'].includes(alias)) return { fault: 'alias must be true or false' };
  return { reference: { entity, type, externalId, canonical, alias: alias === 'true' } };
}
