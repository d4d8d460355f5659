import type { CallContext, ListPage, ListRequest, OutsideItem, OutsideLocation } from '@crossdock/connector-sdk';
import { ConnectorError } from '@crossdock/connector-sdk';
import type { TrytonConfig } from '../config.js';
import type { LocationRow } from '../mapping/places.js';
import { Erp } from './erp.js';
import { LOCATION_FIELDS } from './read-places.js';

interface ProductRow {
  readonly id: number;
  readonly code: string | null;
  readonly rec_name: string;
  readonly 'template.': { readonly name: string };
  readonly 'default_uom.': { readonly symbol: string };
  /** SQLite has no booleans: there Tryton says 0 and 1. */
  readonly active: boolean | number;
  readonly 'identifiers.'?: readonly { readonly type: string; readonly code: string }[];
}

/** Goods and assets, archived ones too, by their numbers: services have no stock. */
export async function listItems(ctx: CallContext<TrytonConfig>, { cursor, limit }: ListRequest): Promise<ListPage<OutsideItem>> {
  const erp = await Erp.open(ctx);
  const domain = [['id', '>', lastOf(cursor)], ['type', 'in', ['goods', 'assets']], ['active', 'in', [true, false]]];
  const fields = ['code', 'template.name', 'default_uom.symbol', 'active', 'identifiers.type', 'identifiers.code'];
  const rows = await erp.read<ProductRow[]>('model.product.product.search_read', [domain, 0, limit, [['id', 'ASC']], fields]);
  const entries = rows.map((row): OutsideItem => ({
    ref: { type: 'product', id: String(row.id), ...(row.code ? { sku: row.code } : {}) },
    name: row['template.'].name,
    ...(row.code ? { sku: row.code } : {}),
    gtins: (row['identifiers.'] ?? []).filter(({ code }) => /^(\d{8}|\d{12,14})$/.test(code)).map(({ code }) => code),
    unit: row['default_uom.'].symbol,
    active: Boolean(row.active),
  }));
  return { entries, nextCursor: nextOf(rows, limit) };
}

/** The places: warehouses, and the storage locations that the configuration makes places of their own. */
export async function listLocations(ctx: CallContext<TrytonConfig>, { cursor, limit }: ListRequest): Promise<ListPage<OutsideLocation>> {
  const erp = await Erp.open(ctx);
  const places = ['OR', ['type', '=', 'warehouse'], [['id', 'in', ctx.config.standaloneLocations], ['type', '=', 'storage']]];
  const domain = [['id', '>', lastOf(cursor)], places, ['active', 'in', [true, false]]];
  const rows = await erp.read<LocationRow[]>('model.stock.location.search_read', [domain, 0, limit, [['id', 'ASC']], LOCATION_FIELDS]);
  const entries = rows.map((row): OutsideLocation => ({
    ref: { type: 'location', id: String(row.id) },
    name: row.name,
    ...(row.code ? { code: row.code } : {}),
    kind: row.type === 'warehouse' ? 'warehouse' : 'other',
    active: Boolean(row.active ?? true),
  }));
  return { entries, nextCursor: nextOf(rows, limit) };
}

/** Numbers grow and are never used again, so that a page goes on where the last one ended, whatever was archived meanwhile. */
function lastOf(cursor: string | null): number {
  if (cursor === null) return 0;
  if (!/^\d{1,15}$/.test(cursor)) throw new ConnectorError('config', 'the list\'s cursor is not one of this connector');
  return Number(cursor);
}

function nextOf(rows: readonly { readonly id: number }[], limit: number): string | null {
  return rows.length < limit ? null : String(rows.at(-1)?.id ?? 0);
}
