import { type CallContext, ConnectorError, type InventoryFigure, type PublishResult } from '@crossdock/connector-sdk';
import { numericId, type ShopifyConfig } from '../config.js';
import { ask, bucketOf } from './admin-api.js';
import { type Complaint } from './answer.js';
import { SET_QUANTITIES, type SetQuantitiesVariables } from './documents.js';
import { idempotencyKey } from './idempotency-key.js';
import { isRecord } from './json-path.js';
import { complaintsOf, sortComplaints } from './user-errors.js';

interface Row {
  readonly index: number;
  readonly itemId: string;
  readonly figure: InventoryFigure;
}

/** Shopify names all bad rows at once as a rule; where it does not, the hub sends what is left in its next call. */
const MAX_ROUNDS = 6;
/** A longer wait for query cost is left to the hub, which then sends the figures of that later moment. */
const MAX_WAIT_MS = 2_000;
/** What a call is given to come back in, at least, before one more is begun. */
const CALL_RESERVE_MS = 1_000;
const HIGHEST_QUANTITY = 1_000_000_000;
/**
 * Shopify remembers a key for long and would answer a repeat from memory. A repeat after a lost answer comes within
 * this window; a later one means that somebody changed the shop's figure meanwhile, and it must take effect.
 */
const KEY_WINDOW_MS = 600_000;

/**
 * Sets the available quantity of each item at the configured location: one answer a figure, in order.
 *
 * Shopify applies a batch as a whole or not at all, so rows that it complains of are taken out and the others are
 * sent again; were some applied already, the absolute figures repeat harmlessly.
 *
 * @throws ConnectorError where nothing can be published until a person acts.
 */
export async function publishInventory(ctx: CallContext<ShopifyConfig>, figures: readonly InventoryFigure[]): Promise<readonly PublishResult[]> {
  const results = new Map<number, PublishResult>();
  let rows = sendable(figures, results);
  let salt = '';
  for (let round = 0; rows.length > 0 && round < MAX_ROUNDS; round += 1) {
    const outcome = await publishRound(ctx, rows, salt);
    for (const [row, result] of outcome.settled) results.set(row.index, result);
    rows = rows.filter((row) => !results.has(row.index));
    if (outcome.freshKey) salt = `${ctx.now()}/${round}`;
  }
  return figures.map((_, index) => results.get(index) ?? { kind: 'retry', afterMs: 1_000, reason: 'Shopify kept refusing other items of the batch' });
}

/** Settles what need not be sent: figures that Shopify would refuse, and of one item's figures all but the newest. */
function sendable(figures: readonly InventoryFigure[], results: Map<number, PublishResult>): Row[] {
  const newest = new Map<string, Row>();
  figures.forEach((figure, index) => {
    const itemId = numericId(figure.item.id);
    if (figure.item.type !== 'inventory-item' || !/^[1-9]\d{0,19}$/.test(itemId)) {
      results.set(index, { kind: 'rejected', code: 'INVALID_INVENTORY_ITEM', detail: 'the reference is not the number of an inventory item' });
      return;
    }
    if (!Number.isSafeInteger(figure.available) || Math.abs(figure.available) > HIGHEST_QUANTITY) {
      results.set(index, { kind: 'rejected', code: 'INVALID_QUANTITY', detail: 'Shopify takes whole quantities up to 1,000,000,000' });
      return;
    }
    const other = newest.get(itemId);
    const older = other !== undefined && other.figure.version > figure.version ? index : other?.index;
    if (older !== undefined) results.set(older, { kind: 'stale' });
    if (older !== index) newest.set(itemId, { index, itemId, figure });
  });
  return [...newest.values()];
}

interface RoundOutcome {
  readonly settled: readonly (readonly [Row, PublishResult])[];
  /** Shopify holds something against the idempotency key itself: the next round needs another. */
  readonly freshKey: boolean;
}

async function publishRound(ctx: CallContext<ShopifyConfig>, rows: readonly Row[], salt: string): Promise<RoundOutcome> {
  const all = (result: PublishResult): RoundOutcome => ({ settled: rows.map((row) => [row, result] as const), freshKey: false });
  const waitMs = bucketOf(ctx.connectionId).waitMs(ctx.now());
  if (waitMs > MAX_WAIT_MS || ctx.now() + waitMs + CALL_RESERVE_MS > ctx.deadlineAt) {
    return all({ kind: 'retry', afterMs: waitMs, reason: 'waiting for query cost to be restored' });
  }
  await pause(waitMs, ctx.signal);
  const answer = await ask(ctx, SET_QUANTITIES, await variablesFor(ctx, rows, salt));
  switch (answer.kind) {
    case 'throttled':
      return all({ kind: 'retry', afterMs: answer.afterMs, reason: answer.reason });
    case 'unknown':
      return all({ kind: 'ambiguous', reason: answer.reason });
    case 'refused':
      return settle(rows, answer.complaints);
    case 'data':
      return settleData(rows, answer.data['inventorySetQuantities'], all);
  }
}

function settleData(rows: readonly Row[], payload: unknown, all: (result: PublishResult) => RoundOutcome): RoundOutcome {
  if (!isRecord(payload) || !Array.isArray(payload['userErrors'])) return all({ kind: 'ambiguous', reason: 'the answer does not say what was set' });
  if (payload['userErrors'].length > 0) return settle(rows, complaintsOf(payload['userErrors']));
  return all({ kind: isRecord(payload['inventoryAdjustmentGroup']) ? 'applied' : 'unchanged' });
}

function settle(rows: readonly Row[], complaints: readonly Complaint[]): RoundOutcome {
  const sorted = sortComplaints(complaints, rows.length);
  if (sorted.kind === 'freshKey') return { settled: [], freshKey: true };
  if (sorted.kind === 'failed') throw new ConnectorError(sorted.errorKind, sorted.message);
  if (sorted.kind === 'all') return { settled: rows.map((row) => [row, sorted.result] as const), freshKey: false };
  return { settled: rows.flatMap((row, at) => pair(row, sorted.results.get(at))), freshKey: false };
}

function pair(row: Row, result: PublishResult | undefined): (readonly [Row, PublishResult])[] {
  return result === undefined ? [] : [[row, result]];
}

async function variablesFor({ config, now }: CallContext<ShopifyConfig>, rows: readonly Row[], salt: string): Promise<SetQuantitiesVariables> {
  const locationId = numericId(config.locationId);
  const told = rows.map((row) => `${row.itemId}@${row.figure.version}=${row.figure.available}`);
  const window = String(Math.floor(now() / KEY_WINDOW_MS));
  const key = await idempotencyKey([config.shopUrl, locationId, window, salt, ...told]);
  return {
    idempotencyKey: key,
    input: {
      name: 'available',
      reason: 'correction',
      // Stands in the item's inventory history, where a merchant asks who changed the figure.
      referenceDocumentUri: `gid://crossdock/StockPublication/${key}`,
      quantities: rows.map((row) => ({
        inventoryItemId: `gid://shopify/InventoryItem/${row.itemId}`,
        locationId: `gid://shopify/Location/${locationId}`,
        quantity: row.figure.available,
        changeFromQuantity: null,
      })),
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new ConnectorError('cancelled', 'the call was stopped while it waited for query cost'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}
