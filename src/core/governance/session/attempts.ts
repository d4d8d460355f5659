import { HubError } from '../../errors/index.js';

interface Tally {
  failures: number;
  /** On the clock given to the constructor; the tally is forgotten then. */
  endsAt: number;
}

const MOST_TALLIES = 10_000;

/**
 * Counts failures by key within a window and refuses further tries once there are too many. Kept in this process's
 * memory: with n replicas a guesser gets n times the tries, which the slow password hash makes harmless.
 */
export class Attempts {
  private readonly tallies = new Map<string, Tally>();

  constructor(
    private readonly most: number,
    private readonly windowMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Counts a try as failed until `takeBack` or `clear`, so that tries under way at the same time count too. @throws HubError TOO_MANY_ATTEMPTS with the seconds to wait. */
  begin(key: string): void {
    const now = this.now();
    let tally = this.tallies.get(key);
    if (!tally || tally.endsAt <= now) {
      tally = { failures: 0, endsAt: now + this.windowMs };
      this.tallies.delete(key);
      this.tallies.set(key, tally);
      this.forgetOldest(now);
    }
    if (tally.failures >= this.most) throw new HubError('TOO_MANY_ATTEMPTS', { retryAfterSeconds: (tally.endsAt - now) / 1_000 });
    tally.failures += 1;
  }

  /** The try that was begun did not fail; those before it did. */
  takeBack(key: string): void {
    const tally = this.tallies.get(key);
    if (tally) tally.failures -= 1;
  }

  /** Forgets the failures of a key whose owner has proved to be the right one. */
  clear(key: string): void {
    this.tallies.delete(key);
  }

  /** Entries stand in the order in which they began, so the first ones end first. */
  private forgetOldest(now: number): void {
    for (const [key, tally] of this.tallies) {
      if (tally.endsAt > now && this.tallies.size <= MOST_TALLIES) return;
      this.tallies.delete(key);
    }
  }
}
