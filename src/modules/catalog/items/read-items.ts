import { Injectable } from '@nestjs/common';
import { seek, type ListOrder } from '../../../core/http/paging/list-orders.js';
import { Database } from '../../../core/persistence/database.js';
import type { Item } from './item.js';

const FIELDS = 'code as id, name, sku, gtin, unit';

/** Finds items as callers see them. */
@Injectable()
export class ReadItems {
  constructor(private readonly db: Database) {}

  async one(id: string): Promise<Item | undefined> {
    const [item] = await this.db.query<Item>(`select ${FIELDS} from catalog.item where code = $1`, [id]);
    return item;
  }

  /** In order of id, either way; at most `most`. */
  page(order: ListOrder<readonly ['text']>, most: number, filter: { readonly sku?: string; readonly gtin?: string } = {}): Promise<Item[]> {
    const values: unknown[] = [];
    const put = (value: unknown): string => `$${values.push(value)}`;
    const { condition, orderBy } = seek(order, ['code'], put);
    const conditions = [condition];
    for (const field of ['sku', 'gtin'] as const) {
      if (filter[field] !== undefined) conditions.push(`${field} = ${put(filter[field].normalize('NFC'))}`);
    }
    return this.db.query<Item>(`select ${FIELDS} from catalog.item where ${conditions.join(' and ')} order by ${orderBy} limit ${put(most)}`, values);
  }
}
