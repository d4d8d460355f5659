import type { Delivery, ParseResult } from '@crossdock/connector-sdk';
import type { VendureConfig } from '../config.js';
import { isRecord, UnreadableRecord } from './fields.js';
import { readOrder } from './order.mapping.js';

/** Pure: one answer a record, in the same order; whatever is in one of them, the others are read. */
export function parseDeliveries(config: VendureConfig, deliveries: readonly Delivery[]): ParseResult[] {
  return deliveries.map((delivery) => parseDelivery(config, delivery));
}

function parseDelivery({ locationId }: VendureConfig, { topic, body }: Delivery): ParseResult {
  if (topic !== 'order') return { kind: 'ignored', reason: `topic ${topic} tells nothing of stock` };
  try {
    const record: unknown = JSON.parse(body);
    if (!isRecord(record)) throw new UnreadableRecord('the record is no object');
    const reading = readOrder(record, locationId);
    return reading.kind === 'facts' ? { kind: 'events', events: reading.facts } : { kind: 'ignored', reason: reading.reason };
  } catch (error) {
    if (error instanceof UnreadableRecord) return { kind: 'failed', reason: error.message };
    return { kind: 'failed', reason: error instanceof SyntaxError ? 'the record is no JSON' : 'the record could not be read' };
  }
}
