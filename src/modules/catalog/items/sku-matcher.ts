import { Injectable } from '@nestjs/common';
import type { ItemMatcher } from '../../../core/mapping/item-matcher.js';
import { Database, type Queryable } from '../../../core/persistence/database.js';
import { LookUpCache, Revision } from '../../../core/persistence/look-up-cache.js';

const MOST_REMEMBERED = 100_000;

/** Finds items by SKU. SKUs are compared in Unicode's composed form (NFC), since systems differ in how they write an accent. */
@Injectable()
export class SkuMatcher implements ItemMatcher {
  private readonly revision = new Revision('catalog.revision', 'skus');
  private readonly itemBySku: LookUpCache<string, string>;
  private readonly skuByItem: LookUpCache<string, string>;

  constructor(private readonly db: Database) {
    const revision = (): Promise<number> => this.revision.read(this.db);
    this.itemBySku = new LookUpCache(MOST_REMEMBERED, revision);
    this.skuByItem = new LookUpCache(MOST_REMEMBERED, revision);
  }

  async itemsBySku(skus: readonly string[]): Promise<Map<string, string>> {
    const composed = new Map(skus.map((sku) => [sku, sku.normalize('NFC')]));
    const found = await this.itemBySku.get(new Set(composed.values()), async (missing) => {
      const rows = await this.db.query<{ sku: string; code: string }>('select sku, code from catalog.item where sku = any($1::text[])', [missing]);
      return new Map(rows.map((row) => [row.sku, row.code]));
    });
    return new Map([...composed].flatMap(([sku, key]) => {
      const item = found.get(key);
      return item === undefined ? [] : [[sku, item]];
    }));
  }

  skusOfItems(items: readonly string[]): Promise<Map<string, string>> {
    return this.skuByItem.get(items, async (missing) => {
      const rows = await this.db.query<{ sku: string; code: string }>('select sku, code from catalog.item where code = any($1::text[])', [missing]);
      return new Map(rows.map((row) => [row.code, row.sku]));
    });
  }

  /** Called last in a transaction that gives an item another SKU. */
  changed(tx: Queryable): Promise<void> {
    return this.revision.grow(tx);
  }

  /** Called after that transaction's commit. */
  forget(): void {
    this.itemBySku.forget();
    this.skuByItem.forget();
  }
}
