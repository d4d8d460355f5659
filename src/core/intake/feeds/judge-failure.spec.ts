import { describe, expect, it } from 'vitest';
import { HubError } from '../../errors/index.js';
import { judgeFailure } from './judge-failure.js';

const failed = (kind: string, retryAfterSeconds?: number): HubError => new HubError('PLUGIN_FAILED', { detail: `it is ${kind}`, facts: { kind }, retryAfterSeconds });

describe('a failed poll', () => {
  it('waits a second or more at first, longer each time, and five minutes at most', () => {
    expect(judgeFailure(failed('transient'), 0, 0.99)).toEqual({ pauseMs: 1_000, code: 'PLUGIN_FAILED', error: 'it is transient', refused: false });
    expect(judgeFailure(failed('transient'), 1_000, 0.99).pauseMs).toBeGreaterThan(2_900);
    expect(judgeFailure(failed('transient'), 290_000, 0.99).pauseMs).toBe(300_000);
  });

  it('waits as long as the system asks for, and no shorter than it would by itself', () => {
    expect(judgeFailure(failed('rate_limited', 3_000.0004), 0).pauseMs).toBe(3_000_001);
    expect(judgeFailure(failed('rate_limited', 1), 100_000, 0.5).pauseMs).toBeGreaterThan(100_000);
  });

  it.each(['not_found', 'conflict', 'rejected', 'unsupported'])('waits for a person when it is %s', (kind) => {
    expect(judgeFailure(failed(kind), 0, 0)).toMatchObject({ refused: true, pauseMs: 60_000 });
  });

  it.each(['CONNECTION_REFUSED', 'EGRESS_REFUSED', 'CREDENTIALS_UNREADABLE'] as const)('waits for a person when it ends with %s, and is tried again all the same', (code) => {
    expect(judgeFailure(new HubError(code), 0, 0)).toMatchObject({ code, refused: true, pauseMs: 60_000 });
    expect(judgeFailure(new HubError(code), 900_000, 0.99)).toMatchObject({ pauseMs: 900_000 });
  });

  it.each(['plugin_bug', 'ambiguous', 'cancelled'])('does not when it is %s', (kind) => {
    expect(judgeFailure(failed(kind), 0).refused).toBe(false);
  });
});
