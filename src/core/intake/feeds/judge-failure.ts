import { HubError } from '../../errors/index.js';
import { nextPauseMs } from '../facts/backoff.js';
import { wordsOf } from '../facts/failures.js';
import type { PollFailure } from './feed-leases.js';

const PAUSE = { baseMs: 1_000, capMs: 300_000 };
/** What only a person can mend is tried again all the same, seldom: somebody may have mended it outside. */
const REFUSED_PAUSE = { baseMs: 60_000, capMs: 900_000 };
/** Kinds of a connector's failure that no wait will cure, beside those that make a CONNECTION_REFUSED. */
const FOR_A_PERSON = new Set(['not_found', 'conflict', 'rejected', 'unsupported']);

/** What a failed poll means: how long the feed waits (longer each time, and at least as long as was asked for), and whether for a person. */
export function judgeFailure(error: HubError, previousMs: number, random?: number): PollFailure {
  const refused = !error.retryable || FOR_A_PERSON.has(String(error.details.facts?.['kind'] ?? ''));
  const askedMs = (error.details.retryAfterSeconds ?? 0) * 1_000;
  const pauseMs = Math.max(askedMs, nextPauseMs(previousMs, refused ? REFUSED_PAUSE : PAUSE, random));
  return { pauseMs: Math.ceil(pauseMs), code: error.code, error: wordsOf(error), refused };
}
