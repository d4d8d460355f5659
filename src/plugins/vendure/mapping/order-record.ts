import type { FeedRecord } from '@crossdock/connector-sdk';
import { type Fields, isRecord, recordsOf } from './fields.js';

/** Of an order's history, in the order in which it happened. The entries that matter are few; more than these are not read. */
export const MOST_CHANGES = 500;

/**
 * What the hub keeps of an order: the units, when they were ordered and cancelled, and nothing about who bought them.
 * Values are carried as the shop gave them and judged when the record is read, so that one odd order fails alone. It
 * holds nothing that changes without stock moving, so that a payment or a parcel makes no new record.
 */
export interface OrderRecord {
  readonly order: unknown;
  readonly type: unknown;
  readonly placedAt: unknown;
  readonly lines: readonly { readonly id: unknown; readonly variant: unknown; readonly sku: unknown; readonly placed: unknown; readonly quantity: unknown }[];
  readonly changes: readonly ChangeRecord[];
  /** False where the order's history was longer than was read. */
  readonly whole: boolean;
}

/** `cancelled`: so many units of each line went back. `modified`: what the shop wrote down about each line that was changed. */
export interface ChangeRecord {
  readonly kind: 'cancelled' | 'modified';
  /** Of the history entry, or of the modification. */
  readonly id: unknown;
  readonly at: unknown;
  readonly lines: readonly { readonly line: unknown; readonly quantity: unknown }[];
}

/** A record with its mark, which changes with whatever the record tells. */
export interface MarkedRecord {
  readonly record: OrderRecord;
  readonly mark: string;
  readonly body: string;
}

export function recordOf(order: Fields): OrderRecord {
  const history = isRecord(order['history']) ? order['history'] : {};
  const entries = recordsOf(history['items']).sort(asItHappened);
  const modifications = new Map(recordsOf(order['modifications']).map((modification) => [String(modification['id']), modification]));
  return {
    order: order['id'],
    type: order['type'],
    placedAt: order['orderPlacedAt'],
    lines: recordsOf(order['lines']).map(readLine),
    changes: entries.map((entry) => readChange(entry, modifications)),
    whole: history['totalItems'] === entries.length,
  };
}

export async function marked(record: OrderRecord): Promise<MarkedRecord> {
  const body = JSON.stringify(record);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body)));
  const mark = Array.from(digest.subarray(0, 10), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { record, mark, body };
}

/** By its mark the hub takes each state of an order once. */
export function feedRecord({ record, mark, body }: MarkedRecord): FeedRecord {
  return { id: `order/${String(record.order)}/${mark}`, topic: 'order', body };
}

/** Databases that count whole seconds give many entries one time; where ids are numbers, those tell the order within it. */
function asItHappened(one: Fields, other: Fields): number {
  return Date.parse(String(one['createdAt'])) - Date.parse(String(other['createdAt'])) || Number(one['id']) - Number(other['id']) || 0;
}

function readLine(line: Fields): OrderRecord['lines'][number] {
  const variant = isRecord(line['productVariant']) ? line['productVariant'] : {};
  return { id: line['id'], variant: variant['id'], sku: variant['sku'], placed: line['orderPlacedQuantity'], quantity: line['quantity'] };
}

function readChange(entry: Fields, modifications: ReadonlyMap<string, Fields>): ChangeRecord {
  const data = isRecord(entry['data']) ? entry['data'] : {};
  const told = (lines: unknown): ChangeRecord['lines'] => recordsOf(lines).map((line) => ({ line: line['orderLineId'], quantity: line['quantity'] }));
  if (entry['type'] === 'ORDER_CANCELLATION') return { kind: 'cancelled', id: entry['id'], at: entry['createdAt'], lines: told(data['lines']) };
  const id = data['modificationId'];
  return { kind: 'modified', id, at: entry['createdAt'], lines: told(modifications.get(String(id))?.['lines']) };
}
