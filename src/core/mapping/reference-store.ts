import type { Queryable } from '../persistence/database.js';
import type { CrossReference, MappedEntity } from './reference.js';

const FIELDS = `r.entity, r.ref_type as "type", r.external_id as "externalId", r.canonical, r.alias`;

/** One advisory lock a connection makes its savers take turns: they are people and imports, never the hot path. */
const LOCK_SPACE = 7_267_003;

export async function lockReferences(tx: Queryable, sourceId: number): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1, $2)', [LOCK_SPACE, sourceId]);
}

/** Every stored reference that shares an external id or a spoken slot with one of `entries`. */
export function findRelated(tx: Queryable, sourceId: number, entries: readonly CrossReference[]): Promise<CrossReference[]> {
  return tx.query<CrossReference>(
    `with wanted as (select * from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as w (entity, ref_type, external_id, canonical))
     select ${FIELDS} from mapping.cross_reference r
       join wanted w on r.entity = w.entity and r.ref_type = w.ref_type and r.external_id = w.external_id where r.source_id = $1
     union
     select ${FIELDS} from mapping.cross_reference r
       join wanted w on r.entity = w.entity and r.ref_type = w.ref_type and r.canonical = w.canonical where r.source_id = $1 and not r.alias`,
    [sourceId, ...columns(entries).slice(0, 4)],
  );
}

/**
 * Brings references to their final form. All of them are aliases for a moment, because Postgres checks the unique
 * index row by row: two that swap their canonical ids would otherwise collide on the way.
 */
export async function writeReferences(tx: Queryable, sourceId: number, references: readonly CrossReference[]): Promise<void> {
  const values = columns(references);
  await tx.execute(
    `update mapping.cross_reference r set alias = true
       from unnest($2::text[], $3::text[], $4::text[]) as w (entity, ref_type, external_id)
      where r.source_id = $1 and r.entity = w.entity and r.ref_type = w.ref_type and r.external_id = w.external_id and not r.alias`,
    [sourceId, ...values.slice(0, 3)],
  );
  await tx.execute(
    `insert into mapping.cross_reference (source_id, entity, ref_type, external_id, canonical, alias)
     select $1, w.* from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[]) as w
     on conflict (source_id, entity, ref_type, external_id)
     do update set canonical = excluded.canonical, alias = excluded.alias, updated_at = now()`,
    [sourceId, ...values],
  );
}

export type ReferenceKey = Pick<CrossReference, 'entity' | 'type' | 'externalId'>;

/** Removes references; answers how many existed. */
export function removeReferences(tx: Queryable, sourceId: number, keys: readonly ReferenceKey[]): Promise<number> {
  return tx.execute(
    `delete from mapping.cross_reference r using unnest($2::text[], $3::text[], $4::text[]) as w (entity, ref_type, external_id)
      where r.source_id = $1 and r.entity = w.entity and r.ref_type = w.ref_type and r.external_id = w.external_id`,
    [sourceId, keys.map((k) => k.entity), keys.map((k) => k.type), keys.map((k) => k.externalId)],
  );
}

/** Canonical ids by `type, external id`, for those that are stored. */
export async function canonicalsOf(
  db: Queryable, sourceId: number, entity: MappedEntity, refs: readonly { type: string; id: string }[],
): Promise<{ type: string; id: string; canonical: string }[]> {
  return db.query(
    `select r.ref_type as "type", r.external_id as id, r.canonical
       from unnest($3::text[], $4::text[]) as w (ref_type, external_id)
       join mapping.cross_reference r on r.source_id = $1 and r.entity = $2 and r.ref_type = w.ref_type and r.external_id = w.external_id`,
    [sourceId, entity, refs.map((ref) => ref.type), refs.map((ref) => ref.id)],
  );
}

/** The spoken external ids of canonical ids, for those that have one. */
export async function spokenOf(
  db: Queryable, sourceId: number, entity: MappedEntity, type: string, canonicals: readonly string[],
): Promise<{ canonical: string; id: string }[]> {
  return db.query(
    `select r.canonical, r.external_id as id from unnest($4::text[]) as w (canonical)
       join mapping.cross_reference r on r.source_id = $1 and r.entity = $2 and r.ref_type = $3 and r.canonical = w.canonical and not r.alias`,
    [sourceId, entity, type, canonicals],
  );
}

function columns(references: readonly CrossReference[]): [string[], string[], string[], string[], boolean[]] {
  return [
    references.map((r) => r.entity), references.map((r) => r.type), references.map((r) => r.externalId),
    references.map((r) => r.canonical), references.map((r) => r.alias),
  ];
}
