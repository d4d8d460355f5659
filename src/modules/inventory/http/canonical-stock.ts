import { movementAccounts, type StockMovement, type StockObservation } from '../../../core/canonical/index.js';
import { HubError } from '../../../core/errors/index.js';
import type { Caller } from '../../../core/governance/access.js';
import { CHANNELS } from '../../catalog/index.js';
import { MOST_AHEAD_MS } from '../ledger/record-stock.js';
import type { HoldOwner, HoldReader } from '../reservation/reservation.js';
import type { MovementBody, ObservationBody } from './stock.schemas.js';

/** Why one entry was not written; the others of its call are. */
export interface Rejection {
  readonly status: 'rejected';
  readonly code: 'VALIDATION_FAILED';
  readonly detail: string;
}

/** Facts carry their source's number, so only an API client can bring them; a user's session has none. */
export function sourceOf(caller: Caller): number {
  if (caller.kind === 'client') return caller.sourceId;
  throw new HubError('FORBIDDEN', { detail: 'This operation is for API clients.' });
}

/** Which holds a caller may read: a client its own, of the channels that it was granted; a user everybody's. */
export function readerOf(caller: Caller): HoldReader {
  return caller.kind === 'client' ? { source: caller.sourceId, channels: caller.grants.idsOf(CHANNELS) } : {};
}

export function ownerOf(caller: Caller): HoldOwner {
  return { ...readerOf(caller), source: sourceOf(caller) };
}

/** The schema has checked the form; here is what it cannot say. */
export function canonicalMovement(body: MovementBody, source: number, correlationId: string): StockMovement | Rejection {
  if (body.quantity === 0) return rejected('quantity must not be zero');
  if (body.quantity < 0 && body.kind !== 'adjustment') return rejected('only an adjustment may have a negative quantity');
  const transfer = body.kind === 'transfer';
  if (transfer !== (body.to !== undefined)) return rejected(transfer ? 'a transfer needs `to`' : 'only a transfer has `to`');
  if (transfer && body.to === body.location) return rejected('a transfer must arrive somewhere else');
  const occurredAt = new Date(body.occurredAt);
  const fault = momentFault('occurredAt', occurredAt);
  if (fault) return fault;
  const { from, to } = movementAccounts(body.kind, body.quantity, body.location, body.condition ?? 'sellable', body.to);
  return { source, eventId: body.eventId, line: body.line ?? '', kind: body.kind, item: body.item, quantity: Math.abs(body.quantity), from, to, occurredAt, correlationId };
}

export function canonicalObservation(body: ObservationBody, source: number, correlationId: string): StockObservation | Rejection {
  const asOf = new Date(body.asOf);
  const fault = momentFault('asOf', asOf);
  if (fault) return fault;
  const { eventId, item, location, quantity } = body;
  return { source, eventId, item, location, condition: body.condition ?? 'sellable', quantity, asOf, basis: body.basis ?? 'onHand', correlationId };
}

function momentFault(name: string, moment: Date): Rejection | undefined {
  if (Number.isNaN(moment.getTime())) return rejected(`${name} is no moment`);
  if (moment.getTime() > Date.now() + MOST_AHEAD_MS) return rejected(`${name} lies more than a day ahead`);
  return undefined;
}

function rejected(detail: string): Rejection {
  return { status: 'rejected', code: 'VALIDATION_FAILED', detail };
}
