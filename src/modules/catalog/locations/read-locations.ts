import { Injectable } from '@nestjs/common';
import { Database } from '../../../core/persistence/database.js';
import type { LocationType } from './location.js';

/** A location as callers see it: `owner` is the connection's public id. */
export interface LocationView {
  readonly id: string;
  readonly name: string;
  readonly type: LocationType;
  readonly owner: string | null;
}

const FIELDS = 'code as id, name, type, owner';

/** Finds locations as callers see them. */
@Injectable()
export class ReadLocations {
  constructor(private readonly db: Database) {}

  async one(id: string): Promise<LocationView | undefined> {
    const [location] = await this.db.query<LocationView>(`select ${FIELDS} from catalog.location where code = $1`, [id]);
    return location;
  }

  /** In order of id, after the one named; at most `most`; only of the type and among the ids that are given. */
  page(after: string, most: number, { type, ids }: { type?: LocationType; ids?: readonly string[] }): Promise<LocationView[]> {
    return this.db.query<LocationView>(
      `select ${FIELDS} from catalog.location where code > $1 and ($3::text is null or type = $3) and ($4::text[] is null or code = any($4::text[])) order by code limit $2`,
      [after, most, type ?? null, ids ?? null],
    );
  }
}
