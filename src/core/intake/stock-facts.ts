import { Injectable } from '@nestjs/common';
import type { StockMovement, StockObservation } from '../canonical/index.js';
import { invariant, type ErrorCode } from '../errors/index.js';

export type MovementOutcome = { readonly status: 'applied' | 'duplicate' } | { readonly status: 'rejected'; readonly code: ErrorCode };

export type ObservationOutcome =
  | { readonly status: 'applied'; /** Signed units that the ledger was corrected by. */ readonly correction: number }
  | { readonly status: 'stale' | 'duplicate' }
  | { readonly status: 'rejected'; readonly code: ErrorCode };

/** What the inventory does with facts from outside: resolves after commit, one outcome an entry, in order. Repeating a call is harmless. */
export interface StockFactHandler {
  recordMovements(movements: readonly StockMovement[]): Promise<MovementOutcome[]>;
  recordObservations(observations: readonly StockObservation[]): Promise<ObservationOutcome[]>;
}

/** Where the inventory module says that it takes stock facts; intake knows no module by name. */
@Injectable()
export class StockFacts {
  private handler: StockFactHandler | undefined;

  register(handler: StockFactHandler): void {
    invariant(!this.handler, 'two modules claim the stock facts');
    this.handler = handler;
  }

  get(): StockFactHandler {
    invariant(this.handler, 'no module takes stock facts');
    return this.handler;
  }
}
