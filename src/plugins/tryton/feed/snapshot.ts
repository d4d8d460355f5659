import { ConnectorError, type FeedPage, type FeedRecord } from '@crossdock/connector-sdk';
import type { Erp } from '../client/erp.js';
import { readPlaces } from '../client/read-places.js';
import { dateText, momentOfMs, msOfMoment, type TrytonDate, trytonMoment } from '../client/values.js';
import type { OpeningRecord } from '../mapping/move-record.js';
import type { Places } from '../mapping/places.js';
import { type OpeningCursor, type Seam, writeCursor } from './cursor.js';
import { packIds, unpackIds } from './open-moves.js';
import { type DoneMove, readMoves } from './read-moves.js';
import { firstCursor, LONGEST_TRANSACTION_MS } from './sweeps.js';

const MOST_PRODUCTS = 100;
const ATTEMPTS = 4;

/** Whether a move is told by itself; what is not is part of the opening stock. */
export function isToldAsMove({ at }: Seam, open: ReadonlySet<number>, { createdAt, record }: DoneMove): boolean {
  return createdAt >= at || open.has(record.id);
}

/**
 * Where the snapshot is sewn to the feed. When a move was done cannot be asked of Tryton: it stamps a row anew when its price is put right.
 * So the seam runs between moves and not between moments: those that exist and are done now are told by the opening stock, those that
 * are not done yet, and those still to come, one by one.
 */
export async function beginSnapshot(erp: Erp): Promise<FeedPage> {
  // Everything that was created before it is committed by now, and visible.
  const at = momentOfMs(msOfMoment(erp.now) - LONGEST_TRANSACTION_MS);
  const domain = [['state', 'in', ['staging', 'draft', 'assigned']], ['create_date', '<', trytonMoment(at)], ['company', '=', erp.companyId]];
  const open = await erp.read<number[]>('model.stock.move.search', [domain, 0, null, [['id', 'ASC']]]);
  const cursor: OpeningCursor = { phase: 'opening', seam: { at, open: packIds(open) }, product: 0 };
  return { records: [], nextCursor: writeCursor(cursor), hasMore: true };
}

/** The opening stock of the next products. The same whenever it is asked for: what moves meanwhile is taken out again. @throws ConnectorError */
export async function openingPage(erp: Erp, cursor: OpeningCursor, limit: number): Promise<FeedPage> {
  const places = await readPlaces(erp, []);
  const most = Math.max(1, Math.min(MOST_PRODUCTS, Math.floor(limit / Math.max(1, places.all().length))));
  const domain = [['id', '>', cursor.product], ['type', 'in', ['goods', 'assets']], ['active', 'in', [true, false]]];
  const products = await erp.read<number[]>('model.product.product.search', [domain, 0, most, [['id', 'ASC']]]);
  const records = products.length === 0 ? [] : await openingsOf(erp, cursor.seam, places, products);
  const hasMore = products.length === most;
  const next = hasMore ? { ...cursor, product: products.at(-1) ?? cursor.product } : firstCursor(cursor.seam.at, erp.now, cursor.seam);
  // The moves since the seam wait in any case.
  return { records, nextCursor: writeCursor(next), hasMore: true };
}

async function openingsOf(erp: Erp, seam: Seam, places: Places, products: readonly number[]): Promise<FeedRecord[]> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = await readBeside(erp, seam, products);
    const figures = await readFigures(erp, places, products);
    const after = await readBeside(erp, seam, products);
    // A done move stays done: where the same are there before and after, they were there while the figures were read.
    if (before.today === after.today && before.moves.length === after.moves.length) return recordsOf(figures, before, seam, places);
  }
  throw new ConnectorError('transient', 'the ERP moved these products each time their stock was read');
}

interface Beside {
  readonly today: string;
  readonly moves: readonly DoneMove[];
}

/** The done moves that Tryton's figures have and the opening must not have, and the other way round: figures leave out what is dated ahead. */
async function readBeside(erp: Erp, { at, open }: Seam, products: readonly number[]): Promise<Beside> {
  const today = await erp.read<TrytonDate>('model.ir.date.today', []);
  const beside = ['OR', ['create_date', '>=', trytonMoment(at)], ['id', 'in', unpackIds(open)], ['effective_date', '>', today]];
  return { today: dateText(today), moves: await readMoves(erp, [['product', 'in', products], beside], null) };
}

interface Figure {
  readonly product: number;
  readonly code: string | null;
  readonly unit: string;
  /** By root location, with everything below it. */
  readonly byRoot: ReadonlyMap<number, number>;
}

interface QuantityRow {
  readonly id: number;
  readonly code: string | null;
  readonly quantity: number;
  readonly 'default_uom.': { readonly symbol: string };
}

async function readFigures(erp: Erp, places: Places, products: readonly number[]): Promise<Figure[]> {
  const figures = new Map<number, { product: number; code: string | null; unit: string; byRoot: Map<number, number> }>();
  for (const { root } of places.all()) {
    const rows = await erp.read<QuantityRow[]>('model.product.product.read', [products, ['code', 'quantity', 'default_uom.symbol']], { locations: [root], with_childs: true });
    for (const { id, code, quantity, 'default_uom.': { symbol } } of rows) {
      const figure = figures.get(id) ?? { product: id, code, unit: symbol, byRoot: new Map<number, number>() };
      figure.byRoot.set(root, quantity);
      figures.set(id, figure);
    }
  }
  return [...figures.values()].sort((one, other) => one.product - other.product);
}

function recordsOf(figures: readonly Figure[], { today, moves }: Beside, seam: Seam, places: Places): FeedRecord[] {
  const open = new Set(unpackIds(seam.open));
  const corrections = new Map<string, number>();
  const correct = (product: number, place: number | null, quantity: number): void => {
    if (place !== null) corrections.set(`${product}/${place}`, (corrections.get(`${product}/${place}`) ?? 0) + quantity);
  };
  for (const move of moves) {
    const { product, quantity, from, to, effectiveDate } = move.record;
    const told = isToldAsMove(seam, open, move);
    const counted = effectiveDate <= today;
    // Tryton's figure has what it counts, and the opening must have what is not told by itself: right already where just one is so.
    if (told !== counted) continue;
    const sign = told ? -1 : 1;
    correct(product, to.place, sign * quantity);
    correct(product, from.place, -sign * quantity);
  }
  return figures.flatMap((figure) => places.all().flatMap(({ root, place }): FeedRecord[] => {
    const below = places.all().filter((other) => other.root !== root && places.placeAbove(other.root) === place);
    const own = (figure.byRoot.get(root) ?? 0) - below.reduce((sum, other) => sum + (figure.byRoot.get(other.root) ?? 0), 0);
    const quantity = rounded(own + (corrections.get(`${figure.product}/${place}`) ?? 0));
    if (quantity === 0) return [];
    const { product, code, unit } = figure;
    const body: OpeningRecord = { product, code, place, quantity, unit, asOf: seam.at };
    return [{ id: `opening/${product}/${place}`, topic: 'opening-stock', body: JSON.stringify(body) }];
  }));
}

/** Tryton adds up doubles; no unit of measure is finer than this. */
function rounded(quantity: number): number {
  return Math.round(quantity * 1e6) / 1e6;
}
