export const CONNECTOR_ERROR_KINDS = [
  'config', 'auth_expired', 'auth_revoked', 'permission', 'rate_limited', 'transient', 'not_found', 'conflict', 'rejected',
  'unsupported', 'ambiguous', 'cancelled', 'plugin_bug',
] as const;

export type ConnectorErrorKind = (typeof CONNECTOR_ERROR_KINDS)[number];

const BRAND = Symbol.for('crossdock.ConnectorError');

/**
 * How a connector says that a whole call failed. `rate_limited`, `transient` and `ambiguous` are tried again by the hub
 * (with backoff, or after `retryAfterMs`); the others wait for a person.
 */
export class ConnectorError extends Error {
  readonly kind: ConnectorErrorKind;
  readonly retryAfterMs: number | undefined;

  constructor(kind: ConnectorErrorKind, message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ConnectorError';
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Every bundle has a copy of this class of its own; the brand makes `instanceof` true for what `ctx.http` throws as well. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
  }
}
