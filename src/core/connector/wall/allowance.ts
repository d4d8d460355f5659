/** So much a second, ten seconds' worth at once. */
export class Allowance {
  private left: number;
  private filledAt: number;

  constructor(
    private readonly perSecond: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.left = perSecond * 10;
    this.filledAt = now();
  }

  /** @returns false when that much is not left; nothing is taken then. */
  take(amount: number): boolean {
    const now = this.now();
    this.left = Math.min(this.perSecond * 10, this.left + ((now - this.filledAt) / 1_000) * this.perSecond);
    this.filledAt = now;
    if (amount > this.left) return false;
    this.left -= amount;
    return true;
  }
}
