import { Injectable } from '@nestjs/common';
import { ReadReferences } from '../read-references.js';
import type { CrossReference } from '../reference.js';
import { csvLine, neutral } from './csv.js';

export const CSV_COLUMNS = ['entity', 'type', 'externalId', 'canonicalId', 'alias'] as const;

const ROWS_A_PAGE = 1_000;

/** All references of one connection as CSV, a page of the table at a time, as fast as the reader takes them. */
@Injectable()
export class ExportReferences {
  constructor(private readonly reads: ReadReferences) {}

  async *csv(sourceId: number): AsyncGenerator<string> {
    yield csvLine(CSV_COLUMNS);
    for (let after: CrossReference | undefined; ; ) {
      const rows = await this.reads.page(sourceId, after, ROWS_A_PAGE);
      if (rows.length > 0) yield rows.map((row) => csvLine([row.entity, row.type, row.externalId, row.canonical, String(row.alias)].map(neutral))).join('');
      if (rows.length < ROWS_A_PAGE) return;
      after = rows.at(-1);
    }
  }
}
