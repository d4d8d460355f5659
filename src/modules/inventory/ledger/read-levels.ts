import { Injectable } from '@nestjs/common';
import type { StockCondition } from '../../../core/canonical/index.js';
import { Database } from '../../../core/persistence/database.js';
import { numberArray } from '../../../core/persistence/sql-array.js';
import { CatalogDirectory } from '../../catalog/index.js';
import { accountParts } from './account.js';

export interface StockLevel {
  readonly item: string;
  readonly location: string;
  readonly condition: StockCondition;
  /** Fold of every movement of this account. Below zero when outside facts say that more left than came. */
  readonly onHand: number;
  /** Promised at this location. */
  readonly reserved: number;
  /** Units that the location keeps for itself. */
  readonly safetyStock: number;
  /** The moment of the last count that was applied. */
  readonly countedAsOf: string | null;
  /** Since when the figure has been below zero. */
  readonly negativeSince: string | null;
}

export interface LevelFilter {
  readonly items?: readonly string[];
  readonly locations?: readonly string[];
  readonly negative?: boolean;
  /** Where the last page ended. */
  readonly after?: { readonly item: number; readonly account: number };
  readonly limit: number;
}

interface Row {
  item: number;
  account: number;
  onHand: number;
  reserved: number;
  safety: number;
  observedAsOf: Date | null;
  negativeSince: Date | null;
}

/** Balances by item, location and condition, in a fixed order, paged by key so that a long list never repeats or skips. */
@Injectable()
export class ReadLevels {
  constructor(
    private readonly database: Database,
    private readonly catalog: CatalogDirectory,
  ) {}

  /** Unknown items and locations simply match nothing. */
  async list(filter: LevelFilter): Promise<{ levels: StockLevel[]; next: { item: number; account: number } | undefined }> {
    const items = filter.items && [...(await this.catalog.itemIds(filter.items)).values()];
    const locations = filter.locations && [...(await this.catalog.locationIds(filter.locations)).values()];
    const rows = await this.database.query<Row>(
      `select s.item_id as item, s.account_id as account, s.on_hand as "onHand", s.reserved, s.safety, s.observed_as_of as "observedAsOf", g.since as "negativeSince"
         from inventory.stock_level s ${filter.negative ? 'join' : 'left join'} inventory.negative_stock g on g.item_id = s.item_id and g.account_id = s.account_id
        where ($1::int[] is null or s.item_id = any ($1)) and ($2::int[] is null or s.account_id >> 3 = any ($2)) and (s.item_id, s.account_id) > ($3, $4)
        order by s.item_id, s.account_id limit $5`,
      [items ? numberArray(items) : null, locations ? numberArray(locations) : null, filter.after?.item ?? 0, filter.after?.account ?? 0, filter.limit + 1],
    );
    const page = rows.slice(0, filter.limit);
    const last = rows.length > filter.limit ? page[page.length - 1] : undefined;
    return { levels: await this.inWords(page), next: last && { item: last.item, account: last.account } };
  }

  private async inWords(rows: readonly Row[]): Promise<StockLevel[]> {
    const [items, locations] = await Promise.all([
      this.catalog.itemCodes(new Set(rows.map((row) => row.item))),
      this.catalog.locationCodes(new Set(rows.map((row) => row.account >> 3))),
    ]);
    return rows.map((row) => {
      const parts = accountParts(row.account);
      return {
        item: items.get(row.item) ?? '',
        location: locations.get(row.account >> 3) ?? '',
        condition: 'condition' in parts ? parts.condition : 'sellable',
        onHand: row.onHand,
        reserved: row.reserved,
        safetyStock: row.safety,
        countedAsOf: row.observedAsOf?.toISOString() ?? null,
        negativeSince: row.negativeSince?.toISOString() ?? null,
      };
    });
  }
}
