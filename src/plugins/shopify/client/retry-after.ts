const CEILING_MS = 3_600_000;

/** Milliseconds to wait by a Retry-After header: seconds (Shopify sends fractions), or an HTTP date. */
export function retryAfterMs(header: string | undefined, nowMs: number, fallbackMs: number): number {
  if (header === undefined || header.trim() === '') return fallbackMs;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - nowMs : seconds * 1000;
  return Number.isNaN(ms) ? fallbackMs : Math.min(CEILING_MS, Math.max(0, Math.ceil(ms)));
}
