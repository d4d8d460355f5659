import type { ConnectorErrorKind } from '@crossdock/connector-sdk';
import { HubError } from '../errors/index.js';

/** Failures of a whole call that time heals. */
const PASSING: ReadonlySet<ConnectorErrorKind> = new Set(['rate_limited', 'transient', 'cancelled']);
/** Failures of a whole call that say something about what was sent. */
const REFUSED: ReadonlySet<ConnectorErrorKind> = new Set(['rejected', 'not_found', 'conflict', 'unsupported']);

/** What a call that writes into an outside system says of everything it carried, when it fails whole. */
export interface CallFailure {
  /** `retry`: not sent. `ambiguous`: perhaps sent. `rejected`: it will not be taken as it is. */
  readonly kind: 'retry' | 'ambiguous' | 'rejected';
  /** The connector's error kind, or the hub's own error code. */
  readonly code: string;
  readonly reason: string;
  /** When the outside system or the wall asks us to come back; undefined where nobody says. */
  readonly afterMs: number | undefined;
  /** Nobody but a person can mend it. */
  readonly person: boolean;
}

/** @throws what is no failure of a connector's call: a bug is not a retry. */
export function callFailure(error: unknown): CallFailure {
  if (!(error instanceof HubError)) throw error;
  const kind = error.details.facts?.kind as ConnectorErrorKind | undefined;
  const { retryAfterSeconds } = error.details;
  const base = { code: kind ?? error.code, reason: error.message, afterMs: retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1_000, person: false };
  if (error.code === 'CONNECTION_REFUSED' || error.code === 'CONNECTION_DISABLED' || error.code === 'EGRESS_REFUSED') return { ...base, kind: 'retry', person: true };
  if (error.code === 'CREDENTIALS_UNREADABLE') return { ...base, kind: 'retry', person: true };
  if (error.code === 'PLUGIN_UNAVAILABLE' || (kind && PASSING.has(kind))) return { ...base, kind: 'retry' };
  if (kind && REFUSED.has(kind)) return { ...base, kind: 'rejected' };
  if (error.code === 'PLUGIN_TIMEOUT' || error.code === 'PLUGIN_FAILED') return { ...base, kind: 'ambiguous' };
  throw error;
}
