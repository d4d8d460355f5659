import { Injectable } from '@nestjs/common';
import { invariant } from '../../../core/errors/index.js';
import { Database, type Queryable } from '../../../core/persistence/database.js';
import { CatalogChanges, type SavedLocation } from '../directory/catalog-changes.js';
import type { SaveOutcome } from '../directory/save-outcome.js';
import type { Location } from './location.js';

interface LocationRow {
  readonly code: string;
  readonly name: string;
  readonly type: string;
  readonly ownerSourceId: number | null;
}

/** Creates locations, or brings them to the given form. */
@Injectable()
export class SaveLocations {
  constructor(
    private readonly db: Database,
    private readonly changes: CatalogChanges,
  ) {}

  /**
   * One transaction; one outcome a location, in order. Saving the same again changes nothing.
   * @param locations with different ids.
   */
  async save(locations: readonly Location[]): Promise<SaveOutcome[]> {
    invariant(new Set(locations.map((location) => location.id)).size === locations.length, 'a location occurs once in a batch');
    const { outcomes, after } = await this.db.transaction(async (tx) => {
      const stored = await lockLocations(tx, locations);
      const changed = locations.filter((location) => !same(location, stored.get(location.id)));
      const saved = changed.length > 0 ? await writeLocations(tx, changed) : [];
      return {
        outcomes: locations.map((location): SaveOutcome => ({ status: statusOf(location, stored.get(location.id)) })),
        after: await this.changes.locationsSaved(tx, saved),
      };
    });
    for (const run of after) run();
    return outcomes;
  }
}

/** Row locks in order of code, as every writer takes them, so that two batches wait for one another instead of deadlocking. */
async function lockLocations(tx: Queryable, locations: readonly Location[]): Promise<Map<string, LocationRow>> {
  const rows = await tx.query<LocationRow>(
    'select code, name, type, owner_source_id as "ownerSourceId" from catalog.location where code = any($1::text[]) order by code for update',
    [locations.map((location) => location.id)],
  );
  return new Map(rows.map((row) => [row.code, row]));
}

async function writeLocations(tx: Queryable, locations: readonly Location[]): Promise<SavedLocation[]> {
  const rows = await tx.query<SavedLocation>(
    `insert into catalog.location as l (code, name, type, owner, owner_source_id)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[]) as w (code, name, type, owner, owner_source_id) order by w.code collate "C"
     on conflict (code) do update
        set name = excluded.name, type = excluded.type, owner = excluded.owner, owner_source_id = excluded.owner_source_id, updated_at = now()
     returning l.id, l.code, l.owner_source_id as "ownerSourceId"`,
    [
      locations.map((l) => l.id), locations.map((l) => l.name), locations.map((l) => l.type),
      locations.map((l) => l.owner?.id ?? null), locations.map((l) => l.owner?.sourceId ?? null),
    ],
  );
  return rows.sort((a, b) => (a.code < b.code ? -1 : 1));
}

function same(location: Location, stored: LocationRow | undefined): boolean {
  const ownerSourceId = location.owner?.sourceId ?? null;
  return stored !== undefined && location.name === stored.name && location.type === stored.type && ownerSourceId === stored.ownerSourceId;
}

function statusOf(location: Location, stored: LocationRow | undefined): 'created' | 'updated' | 'unchanged' {
  if (!stored) return 'created';
  return same(location, stored) ? 'unchanged' : 'updated';
}
