import { HubError } from '../../errors/index.js';
import { databaseOutage } from '../../persistence/database-outage.js';
import { storable } from '../exceptions/causes.js';

const PASSING = new Set(['transient', 'rate_limited', 'cancelled']);

/** The plugin ran and failed: what it was given may be why. That it could not run at all says nothing of any delivery. */
export function blamesDelivery(error: unknown): boolean {
  if (!(error instanceof HubError) || (error.code !== 'PLUGIN_FAILED' && error.code !== 'PLUGIN_TIMEOUT')) return false;
  return !PASSING.has(String(error.details.facts?.['kind'] ?? ''));
}

/** The ledger refused a batch as a whole. An outage is nobody's fault; anything else may be what one entry says. */
export function blamesFact(error: unknown): boolean {
  return !(error instanceof HubError && error.retryable) && databaseOutage(error) === undefined;
}

/** An error's message, as it can be logged, stored and shown to an admin. */
export function wordsOf(error: unknown): string {
  return storable(error instanceof Error ? error.message : String(error));
}
