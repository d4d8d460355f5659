/** Stops at once when something that the code relies on is not so: such a failure is a bug, never a caller's fault. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Invariant broken: ${message}`);
}
