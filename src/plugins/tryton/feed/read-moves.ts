import type { Erp } from '../client/erp.js';
import { readPlaces } from '../client/read-places.js';
import { dateText, momentText, type TrytonDate, type TrytonDateTime, trytonMoment } from '../client/values.js';
import type { MoveRecord } from '../mapping/move-record.js';
import type { Places } from '../mapping/places.js';
import type { Position } from './cursor.js';

/** Tryton's row, as far as the feed asks for it. A field of a related record comes under the relation's name with a dot. */
interface MoveRow {
  readonly id: number;
  readonly 'product.': { readonly id: number; readonly code: string | null; readonly 'default_uom.': { readonly symbol: string } };
  readonly internal_quantity: number;
  readonly from_location: number;
  readonly to_location: number;
  readonly shipment: string | null;
  readonly 'shipment.': { readonly reference?: string | null } | null;
  readonly effective_date: TrytonDate;
  readonly write_date: TrytonDateTime;
  readonly create_date: TrytonDateTime;
}

const FIELDS = ['product.code', 'product.default_uom.symbol', 'internal_quantity', 'from_location', 'to_location', 'shipment', 'shipment.reference', 'effective_date', 'write_date', 'create_date'] as const;

/** A done move as the ERP has it. */
export interface DoneMove {
  readonly record: MoveRecord;
  readonly position: Position;
  /** UTC */
  readonly createdAt: string;
  /** What the document that it belongs to is called outside; the hub's own marker where the hub wrote it. */
  readonly reference: string;
}

/**
 * Done moves after a position, in the order in which they were written, at most `limit`. Of those up to `furthest`, which were read
 * before, only what other users wrote: the hub's own postings are no news, and there may be very many of them.
 */
export async function readMovesAfter(erp: Erp, position: Position, furthest: Position, limit: number): Promise<DoneMove[]> {
  const again = ['OR', ['create_uid.login', '!=', erp.ctx.config.user], after(furthest)];
  return readMoves(erp, [after(position), ...(position.at < furthest.at ? [again] : [])], limit);
}

function after({ at, id }: Position): readonly unknown[] {
  const moment = trytonMoment(at);
  return ['OR', ['write_date', '>', moment], [['write_date', '=', moment], ['id', '>', id]]];
}

/** Done moves of the company that a domain selects, in the order in which they were written. */
export async function readMoves(erp: Erp, domain: readonly unknown[], limit: number | null): Promise<DoneMove[]> {
  const selected = [['state', '=', 'done'], ['company', '=', erp.companyId], ...domain];
  const rows = await erp.read<MoveRow[]>('model.stock.move.search_read', [selected, 0, limit, [['write_date', 'ASC'], ['id', 'ASC']], FIELDS]);
  if (rows.length === 0) return [];
  const places = await readPlaces(erp, rows.flatMap((row) => [row.from_location, row.to_location]));
  return rows.map((row) => doneMove(row, places, erp.timeZone));
}

function doneMove(row: MoveRow, places: Places, timeZone: string): DoneMove {
  const side = (location: number) => ({ location, type: places.typeOf(location), place: places.placeOf(location) });
  const writtenAt = momentText(row.write_date);
  return {
    position: { at: writtenAt, id: row.id },
    createdAt: momentText(row.create_date),
    reference: row['shipment.']?.reference ?? '',
    record: {
      id: row.id, product: row['product.'].id, code: row['product.'].code, quantity: row.internal_quantity, unit: row['product.']['default_uom.'].symbol,
      from: side(row.from_location), to: side(row.to_location), document: row.shipment === null ? null : row.shipment.split(',')[0] ?? null,
      effectiveDate: dateText(row.effective_date), writtenAt, timeZone,
    },
  };
}
