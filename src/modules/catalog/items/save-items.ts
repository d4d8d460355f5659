import { Injectable } from '@nestjs/common';
import { invariant } from '../../../core/errors/index.js';
import { Database, sqlState, type Queryable } from '../../../core/persistence/database.js';
import { CatalogChanges, type SavedItem } from '../directory/catalog-changes.js';
import { UNIQUE_VIOLATION, type SaveOutcome } from '../directory/save-outcome.js';
import type { Item } from './item.js';
import { planItems, type ItemPlan } from './plan-items.js';
import { SkuMatcher } from './sku-matcher.js';

const MOST_TRIES = 5;

/** Creates items, or brings them to the given form. */
@Injectable()
export class SaveItems {
  constructor(
    private readonly db: Database,
    private readonly changes: CatalogChanges,
    private readonly matcher: SkuMatcher,
  ) {}

  /**
   * One transaction and a few statements for all of them; one outcome an item, in order, as if they had been saved
   * one after the other. Saving the same again changes nothing. A SKU that another item has rejects its item alone.
   * @param items with different ids.
   */
  async save(items: readonly Item[]): Promise<SaveOutcome[]> {
    invariant(new Set(items.map((item) => item.id)).size === items.length, 'an item occurs once in a batch');
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(items);
      } catch (error) {
        if (attempt >= MOST_TRIES || sqlState(error) !== UNIQUE_VIOLATION) throw error;
      }
    }
  }

  private async attempt(items: readonly Item[]): Promise<SaveOutcome[]> {
    const { plan, after } = await this.db.transaction(async (tx) => {
      const stored = await lockItems(tx, items);
      const decided = planItems(items, stored, await skuHolders(tx, items));
      const saved = decided.writes.length > 0 ? await writeItems(tx, decided) : [];
      const hooks = await this.changes.itemsSaved(tx, saved);
      if (decided.renamed.length > 0) await this.matcher.changed(tx);
      return { plan: decided, after: hooks };
    });
    if (plan.renamed.length > 0) this.matcher.forget();
    for (const run of after) run();
    return plan.outcomes;
  }
}

/** Row locks in order of code, as every writer takes them, so that two batches wait for one another instead of deadlocking. */
async function lockItems(tx: Queryable, items: readonly Item[]): Promise<Map<string, Item>> {
  const rows = await tx.query<Item>(
    'select code as id, name, sku, gtin, unit from catalog.item where code = any($1::text[]) order by code for update',
    [items.map((item) => item.id)],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

async function skuHolders(tx: Queryable, items: readonly Item[]): Promise<Map<string, string>> {
  const rows = await tx.query<{ sku: string; code: string }>('select sku, code from catalog.item where sku = any($1::text[])', [items.map((item) => item.sku)]);
  return new Map(rows.map((row) => [row.sku, row.code]));
}

async function writeItems(tx: Queryable, { writes, renamed }: ItemPlan): Promise<SavedItem[]> {
  // Postgres checks the unique key row by row: SKUs that move between items would collide on the way. No SKU that
  // anybody gives begins with a control character.
  if (renamed.length > 0) await tx.execute('update catalog.item set sku = chr(1) || id where code = any($1::text[])', [renamed]);
  const rows = await tx.query<SavedItem>(
    `insert into catalog.item as i (code, name, sku, gtin, unit)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as w (code, name, sku, gtin, unit) order by w.code collate "C"
     on conflict (code) do update set name = excluded.name, sku = excluded.sku, gtin = excluded.gtin, unit = excluded.unit, updated_at = now()
     returning i.id, i.code, i.sku`,
    [writes.map((i) => i.id), writes.map((i) => i.name), writes.map((i) => i.sku), writes.map((i) => i.gtin), writes.map((i) => i.unit)],
  );
  return rows.sort((a, b) => (a.code < b.code ? -1 : 1));
}
