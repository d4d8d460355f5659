import { Injectable } from '@nestjs/common';
import type { ReferenceKey } from '../../mapping/reference-store.js';
import { Database } from '../../persistence/database.js';

/** Takes outside entries out of what waits for a match (gift wrapping, say), and puts them back. */
@Injectable()
export class IgnoreEntries {
  constructor(private readonly database: Database) {}

  /** @returns how many of them are listed; those that are not change nothing. */
  mark(sourceId: number, keys: readonly ReferenceKey[], ignored: boolean): Promise<number> {
    return this.database.execute(
      `update mapping.outside_entry e set ignored = $5
         from unnest($2::text[], $3::text[], $4::text[]) as w (entity, ref_type, external_id)
        where e.source_id = $1 and e.entity = w.entity and e.ref_type = w.ref_type and e.external_id = w.external_id`,
      [sourceId, keys.map(({ entity }) => entity), keys.map(({ type }) => type), keys.map(({ externalId }) => externalId), ignored],
    );
  }
}
