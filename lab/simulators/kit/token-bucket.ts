/** A leaky bucket of points: it holds at most `capacity` and fills by `perSecond`. Time is milliseconds. */
export class TokenBucket {
  private points: number;
  private filledAt: number;

  constructor(readonly capacity: number, readonly perSecond: number, now: number) {
    this.points = capacity;
    this.filledAt = now;
  }

  available(now: number): number {
    this.points = Math.min(this.capacity, this.points + (Math.max(0, now - this.filledAt) / 1000) * this.perSecond);
    this.filledAt = now;
    return this.points;
  }

  /** Takes the points, or leaves the bucket as it is. */
  take(points: number, now: number): boolean {
    if (this.available(now) < points) return false;
    this.points -= points;
    return true;
  }

  /** Gives back what was asked for and not used. */
  giveBack(points: number): void {
    this.points = Math.min(this.capacity, this.points + points);
  }

  /** Until so many points are there; a request above the capacity never fits and is judged by the capacity. */
  waitMs(points: number, now: number): number {
    const missing = Math.min(points, this.capacity) - this.available(now);
    return missing <= 0 ? 0 : Math.ceil((missing / this.perSecond) * 1000);
  }
}
