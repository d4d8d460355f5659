import type { CanonicalEvent, StockMoved, StockObserved } from '@crossdock/connector-sdk';
import { movementAccounts, type SourceId, type StockMovement, type StockObservation } from '../../canonical/index.js';

/** What an event means once its names are known: item and location are canonical ids. */
export interface ResolvedEvent {
  readonly source: SourceId;
  readonly event: CanonicalEvent;
  readonly item: string;
  readonly location: string;
  readonly correlationId: string;
}

/** A delta as a two-sided movement. */
export function movementOf(resolved: ResolvedEvent, event: StockMoved): StockMovement {
  return {
    source: resolved.source, eventId: event.eventId, line: event.line, kind: event.movement, item: resolved.item,
    quantity: Math.abs(event.quantity), ...movementAccounts(event.movement, event.quantity, resolved.location, event.condition ?? 'sellable'), occurredAt: new Date(event.occurredAt), correlationId: resolved.correlationId,
  };
}

/** An absolute figure as of its moment. */
export function observationOf(resolved: ResolvedEvent, event: StockObserved): StockObservation {
  return {
    source: resolved.source, eventId: event.eventId, item: resolved.item, location: resolved.location, condition: event.condition ?? 'sellable',
    quantity: event.quantity, asOf: new Date(event.asOf), basis: event.basis, correlationId: resolved.correlationId,
  };
}
