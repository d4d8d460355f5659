const LONGEST_WAIT_MS = 600_000;

/** Milliseconds that a Retry-After header asks for (RFC 9110: seconds or a date; Shopify sends fractions of seconds). */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const waits = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(waits) ? undefined : Math.min(Math.max(0, Math.ceil(waits)), LONGEST_WAIT_MS);
}

/**
 * Remembers who asked a connection to wait. Until then its further requests to that host are answered here: sending them
 * would only prolong the wait, and with some systems get the account locked.
 */
export class WaitList {
  private readonly until = new Map<string, number>();

  note(key: string, forMs: number, now: number): void {
    this.until.set(key, Math.max(now + forMs, this.until.get(key) ?? 0));
  }

  /** Milliseconds still to wait, 0 when the way is free. */
  left(key: string, now: number): number {
    const until = this.until.get(key);
    if (until === undefined) return 0;
    if (until > now) return until - now;
    this.until.delete(key);
    return 0;
  }
}
