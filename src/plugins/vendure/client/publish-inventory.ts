import { type CallContext, ConnectorError, type InventoryFigure, type PublishResult } from '@crossdock/connector-sdk';
import type { VendureConfig } from '../config.js';
import { ask } from './admin-api.js';
import { SET_STOCK_ON_HAND, STOCK_LEVELS } from './documents.js';
import { type Shelf, shelvesOf, shopOf, type Shop } from './shelf.js';

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

/**
 * Makes what the shop can sell of each variant at the configured location equal the figure: stock on hand less allocations
 * less the threshold that the shop keeps back. One answer a figure, in order.
 *
 * Reading and writing are two calls, and a parcel that leaves between them takes from both sides of the sum. So what
 * stands there after the write is looked at as well, and set again where it is not the figure.
 *
 * @throws ConnectorError where nothing can be published until a person acts.
 */
export async function publishInventory(ctx: CallContext<VendureConfig>, figures: readonly InventoryFigure[]): Promise<readonly PublishResult[]> {
  const results = new Map<number, PublishResult>();
  const written = new Set<number>();
  let rows = sendable(figures, results);
  for (let round = 0; rows.length > 0 && round < MAX_ROUNDS; round += 1) {
    for (const [row, result] of await publishRound(ctx, rows, written)) results.set(row.index, result);
    rows = rows.filter((row) => !results.has(row.index));
  }
  return figures.map((_, index) => results.get(index) ?? { kind: 'retry', afterMs: RETRY_MS, reason: 'the shop changed this level again and again' });
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

async function publishRound(ctx: CallContext<VendureConfig>, rows: readonly Row[], written: Set<number>): Promise<Outcome> {
  const all = (result: PublishResult): Outcome => rows.map((row) => [row, result] as const);
  const { locationId } = ctx.config;
  const answer = await ask(ctx, STOCK_LEVELS, { ids: rows.map((row) => row.variantId), take: rows.length, locationId });
  if (answer.kind === 'refused') return all({ kind: 'rejected', code: answer.code, detail: answer.message });
  if (answer.kind !== 'data') return all({ kind: 'retry', afterMs: answer.kind === 'throttled' ? answer.afterMs : RETRY_MS, reason: answer.reason });
  const shop = shopOf(answer.data);
  if (shop === undefined) throw new ConnectorError('config', `the server has no stock location ${locationId}`);
  const shelves = shelvesOf(answer.data['productVariants'], shop, locationId);
  const settled: (readonly [Row, PublishResult])[] = [];
  const due: { readonly row: Row; readonly onHand: number }[] = [];
  for (const row of rows) {
    const verdict = compare(row, shelves.get(row.variantId));
    if (verdict.kind === 'set') due.push({ row, onHand: verdict.onHand });
    else settled.push([row, verdict.kind === 'unchanged' && written.has(row.index) ? { kind: 'applied' } : verdict]);
  }
  return due.length === 0 ? settled : [...settled, ...(await write(ctx, due, shop, written))];
}

function compare({ figure }: Row, shelf: Shelf | undefined): PublishResult | { readonly kind: 'set'; readonly onHand: number } {
  if (shelf === undefined) return { kind: 'rejected', code: 'UNKNOWN_VARIANT', detail: 'the channel has no such variant' };
  if (!shelf.tracked) return { kind: 'rejected', code: 'NOT_TRACKED', detail: 'the shop does not track stock of this variant and sells it without limit' };
  if (shelf.sellable === figure.available) return { kind: 'unchanged' };
  const onHand = shelf.onHand + figure.available - shelf.sellable;
  if (Math.abs(onHand) > HIGHEST_QUANTITY) return { kind: 'rejected', code: 'INVALID_QUANTITY', detail: 'together with what is allocated it is more than Vendure takes' };
  return { kind: 'set', onHand };
}

async function write(ctx: CallContext<VendureConfig>, due: readonly { readonly row: Row; readonly onHand: number }[], shop: Shop, written: Set<number>): Promise<Outcome> {
  const { locationId } = ctx.config;
  const all = (result: PublishResult): Outcome => due.map(({ row }) => [row, result] as const);
  const input = due.map(({ row, onHand }) => ({ id: row.variantId, stockLevels: [{ stockLocationId: locationId, stockOnHand: onHand }] }));
  const answer = await ask(ctx, SET_STOCK_ON_HAND, { input });
  if (answer.kind === 'throttled') return all({ kind: 'retry', afterMs: answer.afterMs, reason: answer.reason });
  if (answer.kind === 'unknown') return all({ kind: 'ambiguous', reason: answer.reason });
  // All or nothing: a variant that was deleted since it was read. The next round finds which.
  if (answer.kind === 'refused') return [];
  const after = shelvesOf({ items: answer.data['updateProductVariants'] }, shop, locationId);
  for (const { row } of due) written.add(row.index);
  return due.filter(({ row }) => after.get(row.variantId)?.sellable === row.figure.available).map(({ row }) => [row, { kind: 'applied' }] as const);
}
