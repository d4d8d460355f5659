import { Injectable } from '@nestjs/common';
import { CrossReferences } from '../../mapping/cross-references.js';
import { KnownCatalog, type Candidate } from '../../mapping/known-catalog.js';
import type { MappedEntity } from '../../mapping/reference.js';
import type { ReferenceKey } from '../../mapping/reference-store.js';
import { Database } from '../../persistence/database.js';
import { judge, stateOf, type ConflictKind, type Match, type MatchRow, type MatchState } from './match.js';

export interface MatchFilter {
  readonly entity?: MappedEntity;
  readonly type?: string;
  /** Part of its name, SKU, code or external id, in any case. */
  readonly search?: string;
  readonly state?: MatchState;
  /** Any of these; without it conflicts do not matter. */
  readonly conflicts?: readonly ConflictKind[];
}

export interface MatchPage {
  readonly matches: readonly Match[];
  /** Where to go on; undefined at the end. A page may hold less than was asked for and yet not be the last. */
  readonly next: ReferenceKey | undefined;
}

const BLOCK = 500;
/** A page looks at so many rows at most, however few of them the filter lets through. */
const MOST_BLOCKS = 10;

/**
 * Compares what an outside system lists with the cross-references and the catalogue, at the moment of asking. Nothing of the
 * comparison is stored, so neither side can change behind its back.
 */
@Injectable()
export class ReadMatches {
  constructor(
    private readonly database: Database,
    private readonly references: CrossReferences,
    private readonly known: KnownCatalog,
  ) {}

  /** In order of entity, type and external id, byte by byte, after the one named. */
  async page(sourceId: number, filter: MatchFilter, after: ReferenceKey | undefined, limit: number): Promise<MatchPage> {
    const matches: Match[] = [];
    let from = after;
    for (let block = 0; block < MOST_BLOCKS; block += 1) {
      const rows = await this.rows(sourceId, filter, from);
      const wanted = rows.filter((row) => filter.state === undefined || stateOf(row) === filter.state);
      for (const match of await this.judged(sourceId, wanted)) {
        if (filter.conflicts && !match.conflicts.some(({ kind }) => filter.conflicts?.includes(kind))) continue;
        if (matches.length === limit) return { matches, next: matches.at(-1) };
        matches.push(match);
      }
      if (rows.length < BLOCK) return { matches, next: undefined };
      from = rows.at(-1);
    }
    return { matches, next: from };
  }

  private rows(sourceId: number, { entity, type, search }: MatchFilter, after: ReferenceKey | undefined): Promise<MatchRow[]> {
    const pattern = search === undefined ? null : `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`;
    const ahead = `($2::text is null or entity = $2) and ($3::text is null or ref_type = $3) and ($5::text is null or (entity, ref_type, external_id) > ($5, $6, $7))`;
    return this.database.query<MatchRow>(
      `with line as (
         select entity, ref_type, external_id, e.name, e.sku, e.code, e.gtins, e.unit, e.kind, e.active, e.ignored, e.survey, r.canonical, r.alias
           from (select * from mapping.outside_entry where source_id = $1 and ${ahead}) e
           full join (select * from mapping.cross_reference where source_id = $1 and ${ahead}) r using (entity, ref_type, external_id)
       )
       select l.entity, l.ref_type as "type", l.external_id as "externalId", l.name, l.sku, l.code, coalesce(l.gtins, '{}') as gtins, l.unit, l.kind, coalesce(l.active, false) as active,
              coalesce(l.ignored, false) as ignored, l.canonical as "canonicalId", coalesce(l.alias, false) as alias,
              coalesce(l.survey >= v.completed, not (coalesce(v.completed, 0) > 0 and exists (
                select from mapping.outside_entry o where o.source_id = $1 and o.entity = l.entity and o.ref_type = l.ref_type))) as listed,
              case when l.sku is null then 0 else (select count(*)::int from mapping.outside_entry o
                where o.source_id = $1 and o.entity = l.entity and o.ref_type = l.ref_type and o.sku = l.sku and o.survey >= coalesce(v.completed, 0)) end as "sameSku"
         from line l left join mapping.survey v on v.source_id = $1 and v.entity = l.entity
        where ($4::text is null or l.name ilike $4 or l.sku ilike $4 or l.code ilike $4 or l.external_id ilike $4 or l.canonical ilike $4)
          and (l.canonical is not null or l.survey >= coalesce(v.completed, 0))
        order by l.entity, l.ref_type, l.external_id limit ${BLOCK}`,
      [sourceId, entity ?? null, type ?? null, pattern, after?.entity ?? null, after?.type ?? null, after?.externalId ?? null],
    );
  }

  private async judged(sourceId: number, rows: readonly MatchRow[]): Promise<Match[]> {
    const matches: Match[] = [];
    for (const entity of ['item', 'location'] as const) {
      const some = rows.filter((row) => row.entity === entity);
      if (some.length === 0) continue;
      const candidates = await this.known.catalog.candidates(entity, some.map(({ name, ...likeness }) => ({ name: name ?? '', ...likeness })));
      const existing = await this.known.catalog.existing(entity, [...new Set(some.flatMap(({ canonicalId }) => canonicalId ?? []))]);
      const spoken = await this.spokenFor(sourceId, entity, some, candidates);
      some.forEach((row, index) => {
        const side = { candidates: candidates[index] ?? [], spokenFor: spoken.get(row.type) ?? new Map<string, string>(), exists: row.canonicalId === null || existing.has(row.canonicalId) };
        matches.push(judge(row, side));
      });
    }
    return matches;
  }

  private async spokenFor(sourceId: number, entity: MappedEntity, rows: readonly MatchRow[], candidates: readonly Candidate[][]): Promise<Map<string, Map<string, string>>> {
    const byType = new Map<string, Set<string>>();
    rows.forEach((row, index) => {
      const wanted = byType.get(row.type) ?? new Set();
      for (const { canonicalId } of candidates[index] ?? []) wanted.add(canonicalId);
      byType.set(row.type, wanted);
    });
    const spoken = new Map<string, Map<string, string>>();
    for (const [type, canonicals] of byType) spoken.set(type, await this.references.storedReverse(sourceId, entity, type, [...canonicals]));
    return spoken;
  }
}
