import type { Delivery, ParseResult } from '@crossdock/connector-sdk';
import { readMove, readOpening } from './move.mapping.js';
import { readMoveRecord, readOpeningRecord, UnreadableRecord } from './move-record.js';

/** Pure: one answer a record, in the same order; whatever is in one of them, the others are read. */
export function parseDeliveries(deliveries: readonly Delivery[]): ParseResult[] {
  return deliveries.map(({ topic, body }) => {
    try {
      if (topic === 'stock-move') return readMove(readMoveRecord(body));
      if (topic === 'opening-stock') return readOpening(readOpeningRecord(body));
      return { kind: 'ignored', reason: `topic ${topic} tells nothing of stock` };
    } catch (error) {
      if (error instanceof UnreadableRecord) return { kind: 'failed', reason: error.message };
      if (error instanceof SyntaxError) return { kind: 'failed', reason: 'the record is no JSON' };
      if (error instanceof RangeError) return { kind: 'failed', reason: 'the record names a time or a time zone that does not exist' };
      throw error;
    }
  });
}
