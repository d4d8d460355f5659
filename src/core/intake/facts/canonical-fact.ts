import type { CanonicalEvent, StockMoved, StockObserved } from '@crossdock/connector-sdk';
import type { SourceId, StockAccount, StockMovement, StockObservation } from '../../canonical/index.js';

/** What an event means once its names are known: item and location are canonical ids. */
export interface ResolvedEvent {
  readonly source: SourceId;
  readonly event: CanonicalEvent;
  readonly item: string;
  readonly location: string;
  readonly correlationId: string;
}

/**
 * A delta as a two-sided movement. Units that leave the retailer go to `customer`, units that come from outside come
 * from `supplier` or `customer`; what a count or a person takes away or adds goes to or comes from `loss`; damage stays
 * at its place and changes condition.
 */
export function movementOf(resolved: ResolvedEvent, event: StockMoved): StockMovement {
  return {
    source: resolved.source, eventId: event.eventId, line: event.line, kind: event.movement, item: resolved.item,
    quantity: Math.abs(event.quantity), ...accountsOf(event, resolved.location), occurredAt: new Date(event.occurredAt), correlationId: resolved.correlationId,
  };
}

/** An absolute figure as of its moment. */
export function observationOf(resolved: ResolvedEvent, event: StockObserved): StockObservation {
  return {
    source: resolved.source, eventId: event.eventId, item: resolved.item, location: resolved.location, condition: event.condition ?? 'sellable',
    quantity: event.quantity, asOf: new Date(event.asOf), basis: event.basis, correlationId: resolved.correlationId,
  };
}

function accountsOf(event: StockMoved, location: string): { from: StockAccount; to: StockAccount } {
  const here: StockAccount = { location, condition: event.condition ?? 'sellable' };
  switch (event.movement) {
    case 'sale': return { from: here, to: { virtual: 'customer' } };
    case 'return': return { from: { virtual: 'customer' }, to: here };
    case 'receipt': return { from: { virtual: 'supplier' }, to: here };
    case 'damage': return { from: { location, condition: 'sellable' }, to: { location, condition: 'damaged' } };
    case 'adjustment': return event.quantity > 0 ? { from: { virtual: 'loss' }, to: here } : { from: here, to: { virtual: 'loss' } };
  }
}
