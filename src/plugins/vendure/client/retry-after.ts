const CEILING_MS = 3_600_000;
const DEFAULT_MS = 2_000;

/** Milliseconds to wait by a Retry-After header, in seconds or as an HTTP date. Vendure has no limits of its own: a proxy in front of it may. */
export function retryAfterMs(header: string | undefined, nowMs: number): number {
  if (header === undefined || header.trim() === '') return DEFAULT_MS;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - nowMs : seconds * 1000;
  return Number.isNaN(ms) ? DEFAULT_MS : Math.min(CEILING_MS, Math.max(0, Math.ceil(ms)));
}
