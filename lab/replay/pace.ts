import type { PaceChange } from './trading-script.js';

/** Translates simulated time into time on the wall. */
export class Pace {
  private readonly changes: readonly PaceChange[];

  /** @param changes sorted by `from`; empty means as fast as can be. */
  constructor(changes: readonly PaceChange[]) {
    this.changes = changes;
  }

  get unbounded(): boolean {
    return this.changes.length === 0;
  }

  /** Milliseconds on the wall from the beginning of the replay to a simulated moment; 0 when unbounded or before the beginning. */
  wallMs(at: number): number {
    let wall = 0;
    this.changes.forEach((change, index) => {
      const until = Math.min(at, this.changes[index + 1]?.from ?? Number.POSITIVE_INFINITY);
      if (until > change.from) wall += (until - change.from) / change.speed;
    });
    return wall;
  }
}
