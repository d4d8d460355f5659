import { Injectable } from '@nestjs/common';
import { Database } from '../persistence/database.js';
import type { CrossReference, MappedEntity } from './reference.js';
import type { ReferenceKey } from './reference-store.js';

export interface ReferenceFilter {
  readonly entity?: MappedEntity;
  readonly type?: string;
  readonly externalId?: string;
  readonly canonical?: string;
}

const COLUMN_OF = { entity: 'entity', type: 'ref_type', externalId: 'external_id', canonical: 'canonical' } as const;

/** Lists the stored references of a connection. */
@Injectable()
export class ReadReferences {
  constructor(private readonly db: Database) {}

  /** In order of entity, type and external id, byte by byte, after the one named; at most `most`. */
  page(sourceId: number, after: ReferenceKey | undefined, most: number, filter: ReferenceFilter = {}): Promise<CrossReference[]> {
    const values: unknown[] = [sourceId, most];
    const conditions = ['source_id = $1'];
    if (after) {
      const [entity, type, externalId] = [after.entity, after.type, after.externalId].map((value) => `$${values.push(value)}`);
      conditions.push(`(entity, ref_type, external_id) > (${entity}, ${type}, ${externalId})`);
    }
    for (const field of ['entity', 'type', 'externalId', 'canonical'] as const) {
      if (filter[field] !== undefined) conditions.push(`${COLUMN_OF[field]} = $${values.push(filter[field])}`);
    }
    return this.db.query<CrossReference>(
      `select entity, ref_type as "type", external_id as "externalId", canonical, alias from mapping.cross_reference
        where ${conditions.join(' and ')} order by entity, ref_type, external_id limit $2`,
      values,
    );
  }
}
