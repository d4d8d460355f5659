import { Injectable } from '@nestjs/common';
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

  /** In order of id, after the one named; at most `most`. */
  page(after: string, most: number, filter: { readonly sku?: string; readonly gtin?: string } = {}): Promise<Item[]> {
    const values: unknown[] = [after, most];
    const conditions = ['code > $1'];
    for (const field of ['sku', 'gtin'] as const) {
      if (filter[field] !== undefined) conditions.push(`${field} = $${values.push(filter[field].normalize('NFC'))}`);
    }
    return this.db.query<Item>(`select ${FIELDS} from catalog.item where ${conditions.join(' and ')} order by code limit $2`, values);
  }
}
