import { type CallContext, ConnectorError, type FiguresBasis, type InventoryFigure, type PublishResult } from '@crossdock/connector-sdk';
import type { VendureConfig } from '../config.js';
import { ask } from './admin-api.js';
import { SET_STOCK_ON_HAND, STOCK_LEVELS } from './documents.js';
import { restocked, type Shelf, shelvesOf, shopOf, type Shop, type StockOnHand } from './shelf.js';
import { type Unread, unreadUnits } from '../orders/unread-units.js';

interface Row {
  readonly index: number;
  readonly variantId: string;
  readonly figure: InventoryFigure;
}

/** How often a figure that something in the shop overtook is set anew before it is left to the hub's next call. */
const MAX_ROUNDS = 3;
const RETRY_MS = 1_000;
/** GraphQL's Int. */
const HIGHEST_QUANTITY = 2_147_483_647;

/** By then the hub has polled and booked what it had not read. */
const UNREAD_RETRY_MS = 2_000;

/**
 * Makes what the shop can sell of each variant equal the figure: stock on hand less allocations, at all locations of the
 * channel together, less the threshold that the shop keeps back. One answer a figure, in order.
 *
 * Two things happen in the shop while the hub looks elsewhere. Orders that the hub's figure does not know of yet are taken off it,
 * or it would hand out their units twice; such a figure is written and answered `retry`, so that the hub comes again when
 * it has read them. And what is allocated changes between reading and writing: what stands there after the write is
 * looked at too, and set again where it is not what was meant.
 *
 * @throws ConnectorError where nothing can be published until a person acts.
 */
export async function publishInventory(ctx: CallContext<VendureConfig>, figures: readonly InventoryFigure[], basis: FiguresBasis): Promise<readonly PublishResult[]> {
  const results = new Map<number, PublishResult>();
  const call: Call = { ctx, basis, written: new Set() };
  let rows = sendable(figures, results);
  for (let round = 0; rows.length > 0 && round < MAX_ROUNDS; round += 1) {
    for (const [row, result] of await publishRound(call, rows)) results.set(row.index, result);
    rows = rows.filter((row) => !results.has(row.index));
  }
  return figures.map((_, index) => results.get(index) ?? { kind: 'retry', afterMs: RETRY_MS, reason: 'the shop changed this level again and again' });
}

interface Call {
  readonly ctx: CallContext<VendureConfig>;
  readonly basis: FiguresBasis;
  /** Positions of the figures that were written by this call. */
  readonly written: Set<number>;
}

/** Settles what need not be sent: figures that the shop would refuse, and of one variant's figures all but the newest. */
function sendable(figures: readonly InventoryFigure[], results: Map<number, PublishResult>): Row[] {
  const newest = new Map<string, Row>();
  figures.forEach((figure, index) => {
    const variantId = figure.item.id;
    if (figure.item.type !== 'variant') {
      results.set(index, { kind: 'rejected', code: 'NOT_A_VARIANT', detail: 'the reference does not name a variant' });
      return;
    }
    if (!Number.isSafeInteger(figure.available) || Math.abs(figure.available) > HIGHEST_QUANTITY) {
      results.set(index, { kind: 'rejected', code: 'INVALID_QUANTITY', detail: 'Vendure takes whole quantities of up to 2,147,483,647' });
      return;
    }
    const other = newest.get(variantId);
    const older = other !== undefined && other.figure.version > figure.version ? index : other?.index;
    if (older !== undefined) results.set(older, { kind: 'stale' });
    if (older !== index) newest.set(variantId, { index, variantId, figure });
  });
  return [...newest.values()];
}

type Outcome = readonly (readonly [Row, PublishResult])[];

/** What is to stand in the shop for one figure, and what is answered once it does. */
interface Target {
  readonly row: Row;
  readonly sellable: number;
  readonly stock: readonly StockOnHand[];
  readonly result: PublishResult;
}

async function publishRound({ ctx, basis, written }: Call, rows: readonly Row[]): Promise<Outcome> {
  const all = (result: PublishResult): Outcome => rows.map((row) => [row, result] as const);
  const { locationId } = ctx.config;
  const answer = await ask(ctx, STOCK_LEVELS, { ids: rows.map((row) => row.variantId), take: rows.length, locationId });
  if (answer.kind === 'refused') return all({ kind: 'rejected', code: answer.code, detail: answer.message });
  if (answer.kind !== 'data') return all({ kind: 'retry', afterMs: answer.kind === 'throttled' ? answer.afterMs : RETRY_MS, reason: answer.reason });
  const shop = shopOf(answer.data);
  if (shop === undefined) throw new ConnectorError('config', `the server has no stock location ${locationId}`);
  const shelves = shelvesOf(answer.data['productVariants'], shop);
  // After the levels: an order that is in neither of the two is seen by the look at what was written.
  const unread = await unreadUnits(ctx, basis);
  const settled: (readonly [Row, PublishResult])[] = [];
  const due: Target[] = [];
  for (const row of rows) {
    const verdict = targetOf(row, shelves.get(row.variantId), locationId, unread);
    if ('kind' in verdict) settled.push([row, verdict]);
    else if (verdict.stock.length > 0) due.push(verdict);
    else settled.push([row, verdict.result.kind === 'applied' && !written.has(row.index) ? { kind: 'unchanged' } : verdict.result]);
  }
  return due.length === 0 ? settled : [...settled, ...(await write(ctx, due, shop, written))];
}

function targetOf(row: Row, shelf: Shelf | undefined, locationId: string, unread: Unread): PublishResult | Target {
  if (shelf === undefined) return { kind: 'rejected', code: 'UNKNOWN_VARIANT', detail: 'the channel has no such variant' };
  if (!shelf.tracked) return { kind: 'rejected', code: 'NOT_TRACKED', detail: 'the shop does not track stock of this variant and sells it without limit' };
  const { available } = row.figure;
  const units = unread.kind === 'units' ? (unread.of.get(row.variantId) ?? 0) : undefined;
  // While it is not known what was sold, the shop may get less to sell but nothing more.
  const sellable = units === undefined ? Math.min(available, shelf.sellable) : available - units;
  const stock = restocked(shelf, locationId, sellable);
  if (stock.some(({ stockOnHand }) => Math.abs(stockOnHand) > HIGHEST_QUANTITY)) return { kind: 'rejected', code: 'INVALID_QUANTITY', detail: 'together with what is allocated it is more than Vendure takes' };
  const reason = unread.kind === 'unknown' ? unread.reason : 'the shop has sold units that the hub has not read of yet';
  return { row, sellable, stock, result: units === 0 ? { kind: 'applied' } : { kind: 'retry', afterMs: UNREAD_RETRY_MS, reason } };
}

async function write(ctx: CallContext<VendureConfig>, due: readonly Target[], shop: Shop, written: Set<number>): Promise<Outcome> {
  const all = (result: PublishResult): Outcome => due.map(({ row }) => [row, result] as const);
  const input = due.map(({ row, stock }) => ({ id: row.variantId, stockLevels: stock }));
  const answer = await ask(ctx, SET_STOCK_ON_HAND, { input });
  if (answer.kind === 'throttled') return all({ kind: 'retry', afterMs: answer.afterMs, reason: answer.reason });
  if (answer.kind === 'unknown') return all({ kind: 'ambiguous', reason: answer.reason });
  // All or nothing: a variant that was deleted since it was read. The next round finds which.
  if (answer.kind === 'refused') return [];
  const after = shelvesOf({ items: answer.data['updateProductVariants'] }, shop);
  for (const { row } of due) written.add(row.index);
  return due.filter(({ row, sellable }) => after.get(row.variantId)?.sellable === sellable).map(({ row, result }) => [row, result] as const);
}
