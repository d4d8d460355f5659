import type { CallLimits } from '../../access.js';
import type { Allowance, Refusal, ShortOf } from './allowance.js';

const DAY_SECONDS = 86_400;

/** The limit that answers tell of: the one that refused, else the rate, else the shorter quota. */
function limitOf({ ratePerSecond, perDay }: CallLimits, refusal: Refusal | undefined): ShortOf {
  return refusal?.shortOf ?? (ratePerSecond !== null ? 'rate' : perDay !== null ? 'day' : 'month');
}

function sizeOf(limits: CallLimits, limit: ShortOf): number {
  return (limit === 'rate' ? limits.burst : limit === 'day' ? limits.perDay : limits.perMonth) ?? 0;
}

/** Seconds until the limit gives all of its calls again: a bucket when it is full, a quota at the end of its UTC day or month. */
function resetOf({ ratePerSecond }: CallLimits, limit: ShortOf, missing: number, now: Date): number {
  if (limit === 'rate') return Math.ceil(missing / (ratePerSecond ?? 1));
  const end = limit === 'day' ? Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1) : Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
  return Math.ceil((end - now.getTime()) / 1_000);
}

/** `RateLimit-*` of an answer (draft-ietf-httpapi-ratelimit-headers, in the form that clients read today). With several processes `RateLimit-Remaining` is what this one knew when it last asked. */
export function limitHeaders(allowance: Allowance, refusal?: Refusal, now = new Date()): Record<string, string> {
  const { limits } = allowance;
  const limit = limitOf(limits, refusal);
  const size = sizeOf(limits, limit);
  const remaining = refusal ? 0 : Math.min(size, allowance.remaining);
  const window = limit === 'rate' ? Math.max(1, Math.ceil(size / (limits.ratePerSecond ?? 1))) : limit === 'day' ? DAY_SECONDS : 30 * DAY_SECONDS;
  return {
    'ratelimit-limit': String(size),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': String(resetOf(limits, limit, size - remaining, now)),
    'ratelimit-policy': `${size};w=${window}`,
  };
}
