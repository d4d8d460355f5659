import { Injectable } from '@nestjs/common';
import { invariant } from '../../../core/errors/index.js';
import { Database, sqlState, type Queryable } from '../../../core/persistence/database.js';
import { CatalogChanges } from '../directory/catalog-changes.js';
import { UNIQUE_VIOLATION, type SaveOutcome } from '../directory/save-outcome.js';
import type { Item } from './item.js';
import { SkuMatcher } from './sku-matcher.js';

const MOST_TRIES = 5;

interface SavedRow {
  readonly id: number;
  readonly code: string;
  readonly sku: string;
}

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
    const { outcomes, after, skusChanged } = await this.db.transaction(async (tx) => {
      const batch = new ItemBatch(items);
      const saved = await batch.run(tx);
      const hooks = await this.changes.itemsSaved(tx, saved);
      if (batch.skusChanged) await this.matcher.changed(tx);
      return { outcomes: batch.outcomes, after: hooks, skusChanged: batch.skusChanged };
    });
    if (skusChanged) this.matcher.forget();
    for (const run of after) run();
    return outcomes;
  }
}

/** The state of one attempt: which entries are decided, and how. */
class ItemBatch {
  readonly outcomes: SaveOutcome[] = [];
  /** An item that existed has another SKU now, so what was remembered about SKUs may be wrong. */
  skusChanged = false;

  constructor(private readonly items: readonly Item[]) {}

  /** Answers the created and changed rows, in order of code. */
  async run(tx: Queryable): Promise<SavedRow[]> {
    const stored = await lockItems(tx, this.items);
    const saved: SavedRow[] = [];
    let waiting = this.items.map((_, index) => index);
    while (waiting.length > 0) {
      const { ready, later } = this.split(waiting, stored, await skuHolders(tx, waiting.flatMap((index) => this.items[index]?.sku ?? [])));
      saved.push(...(await this.write(tx, ready, stored)));
      waiting = later;
    }
    return saved.sort((a, b) => (a.code < b.code ? -1 : 1));
  }

  /**
   * An entry whose SKU is held by an item of an earlier entry waits until that one is written, since it may give the
   * SKU up. The first entry never waits, so each round decides at least one.
   */
  private split(waiting: readonly number[], stored: ReadonlyMap<string, Item>, holders: ReadonlyMap<string, string>): { ready: number[]; later: number[] } {
    const ready: number[] = [];
    const later: number[] = [];
    const earlier = new Set<string>();
    const claimed = new Set<string>();
    for (const index of waiting) {
      const item = this.items[index];
      if (!item) continue;
      const holder = holders.get(item.sku);
      const taken = holder !== undefined && holder !== item.id;
      if (claimed.has(item.sku) || (taken && earlier.has(holder))) later.push(index);
      else if (taken) this.outcomes[index] = skuTaken(item.sku, holder);
      else if (same(item, stored.get(item.id))) this.outcomes[index] = { status: 'unchanged' };
      else ready.push(index);
      earlier.add(item.id);
      claimed.add(item.sku);
    }
    return { ready, later };
  }

  private async write(tx: Queryable, ready: readonly number[], stored: ReadonlyMap<string, Item>): Promise<SavedRow[]> {
    const items = ready.flatMap((index) => this.items[index] ?? []);
    for (const index of ready) {
      const before = stored.get(this.items[index]?.id ?? '');
      this.outcomes[index] = { status: before ? 'updated' : 'created' };
      if (before && before.sku !== this.items[index]?.sku) this.skusChanged = true;
    }
    return items.length > 0 ? writeItems(tx, items) : [];
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

async function skuHolders(tx: Queryable, skus: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.query<{ sku: string; code: string }>('select sku, code from catalog.item where sku = any($1::text[])', [skus]);
  return new Map(rows.map((row) => [row.sku, row.code]));
}

function writeItems(tx: Queryable, items: readonly Item[]): Promise<SavedRow[]> {
  return tx.query<SavedRow>(
    `insert into catalog.item as i (code, name, sku, gtin, unit)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as w (code, name, sku, gtin, unit) order by w.code collate "C"
     on conflict (code) do update set name = excluded.name, sku = excluded.sku, gtin = excluded.gtin, unit = excluded.unit, updated_at = now()
     returning i.id, i.code, i.sku`,
    [items.map((i) => i.id), items.map((i) => i.name), items.map((i) => i.sku), items.map((i) => i.gtin), items.map((i) => i.unit)],
  );
}

function same(item: Item, stored: Item | undefined): boolean {
  return stored !== undefined && item.name === stored.name && item.sku === stored.sku && item.gtin === stored.gtin && item.unit === stored.unit;
}

function skuTaken(sku: string, holder: string): SaveOutcome {
  return { status: 'rejected', code: 'CONFLICT', pointer: '/sku', detail: `The SKU '${sku}' belongs to the item '${holder}'.` };
}
