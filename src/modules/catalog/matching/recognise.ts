import { Injectable } from '@nestjs/common';
import type { Candidate, Likeness, MatchReason } from '../../../core/mapping/known-catalog.js';
import type { MappedEntity } from '../../../core/mapping/reference.js';
import { Database } from '../../../core/persistence/database.js';

const MOST_CANDIDATES = 5;

interface Row {
  idx: number;
  canonicalId: string;
  name: string;
  reason: MatchReason;
}

/** Each kind of sign is a lookup by an index of its own; nothing here reads the whole catalogue. */
const ITEMS = `
  with asked as materialized (
    select a.idx, nullif(normalize(a.sku), '') as sku, catalog.fold_sku(normalize(a.sku)) as folded, catalog.fold_name(a.name) as words, a.gtins
      from jsonb_to_recordset($1::jsonb) as a (idx integer, name text, sku text, gtins text[])
  ), found as (
    select a.idx, i.code, i.name, 0 as sign from asked a join catalog.item i on i.sku = a.sku
    union all
    select a.idx, i.code, i.name, 1 from asked a cross join unnest(a.gtins) as g (gtin) join catalog.item i on i.gtin is not null and lpad(i.gtin, 14, '0') = lpad(g.gtin, 14, '0')
    union all
    select a.idx, i.code, i.name, 3 from asked a join catalog.item i on catalog.fold_sku(i.sku) = a.folded
    union all
    select a.idx, i.code, i.name, 4 from asked a join catalog.item i on catalog.fold_name(i.name) = a.words
  )`;

/** Locations are few: they are compared one by one. */
const LOCATIONS = `
  with asked as materialized (
    select a.idx, nullif(a.code, '') as code, catalog.fold_sku(a.code) as folded, catalog.fold_name(a.name) as words
      from jsonb_to_recordset($1::jsonb) as a (idx integer, name text, code text)
  ), found as (
    select a.idx, l.code, l.name, case when l.code = a.code then 2 when catalog.fold_sku(l.code) = a.folded then 3 else 4 end as sign
      from asked a join catalog.location l on l.code = a.code or catalog.fold_sku(l.code) = a.folded or catalog.fold_name(l.name) = a.words
  )`;

const SURENESS: readonly MatchReason[] = ['sku', 'gtin', 'code', 'similar-sku', 'name'];

/** Finds what in the catalogue an outside entry may be. */
@Injectable()
export class Recognise {
  constructor(private readonly database: Database) {}

  /** One list a likeness, in order, the surest sign first, at most five each; a thing found by several signs is listed once. */
  async candidates(entity: MappedEntity, likenesses: readonly Likeness[]): Promise<Candidate[][]> {
    const asked = likenesses.map(({ name, sku, code, gtins }, idx) => ({ idx, name: name.normalize('NFC'), sku, code, gtins }));
    const rows = await this.database.query<Omit<Row, 'reason'> & { sign: number }>(
      `${entity === 'item' ? ITEMS : LOCATIONS}
       select idx, code as "canonicalId", name, sign from (
         select f.idx, f.code, f.name, min(f.sign) as sign, row_number() over (partition by f.idx order by min(f.sign), f.code) as place from found f group by f.idx, f.code, f.name
       ) ranked where place <= ${MOST_CANDIDATES} order by idx, place`,
      [JSON.stringify(asked)],
    );
    const lists = likenesses.map((): Candidate[] => []);
    for (const { idx, canonicalId, name, sign } of rows) lists[idx]?.push({ canonicalId, name, reason: SURENESS[sign] as MatchReason });
    return lists;
  }
}
