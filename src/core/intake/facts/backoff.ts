/**
 * The next pause before another try: exponential on average, capped, and spread so that many connections which failed
 * together do not come back together ("decorrelated jitter", AWS Architecture Blog 2015).
 * @param previousMs the pause before this one, 0 at first
 * @param random in [0, 1)
 */
export function nextPauseMs(previousMs: number, limits: { baseMs: number; capMs: number }, random: number = Math.random()): number {
  const ceiling = Math.max(limits.baseMs, previousMs * 3);
  return Math.round(Math.min(limits.capMs, limits.baseMs + random * (ceiling - limits.baseMs)));
}
