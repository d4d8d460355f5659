/** What Shopify reports in `extensions.cost.throttleStatus`: points, and points a second. */
export interface ThrottleStatus {
  readonly maximumAvailable: number;
  readonly currentlyAvailable: number;
  readonly restoreRate: number;
}

/**
 * Shopify's leaky bucket of query cost, as far as its answers let us know it. Before the first answer nothing is
 * known and nothing is held back; a refusal then tells.
 */
export class CostBucket {
  private status: ThrottleStatus | undefined;
  private reportedAt = 0;
  /** Points of calls that are under way: the next report may or may not have them taken off already. */
  private inFlight = 0;
  private expectedCost: number;

  constructor(firstGuess: number) {
    this.expectedCost = firstGuess;
  }

  /** Milliseconds until the bucket holds what one more call is expected to cost. */
  waitMs(nowMs: number): number {
    if (this.status === undefined) return 0;
    const { currentlyAvailable, maximumAvailable, restoreRate } = this.status;
    const restored = (Math.max(0, nowMs - this.reportedAt) / 1000) * restoreRate;
    const available = Math.min(maximumAvailable, currentlyAvailable + restored) - this.inFlight;
    return msToRestore(Math.min(this.expectedCost, maximumAvailable) - available, restoreRate);
  }

  /** Counts a call as under way. The result ends that, with what Shopify reported, if it did. */
  begin(): (nowMs: number, requestedCost: number | undefined, status: ThrottleStatus | undefined) => void {
    const cost = this.expectedCost;
    this.inFlight += cost;
    return (nowMs, requestedCost, status) => {
      this.inFlight -= cost;
      if (requestedCost !== undefined) this.expectedCost = requestedCost;
      if (status === undefined) return;
      this.status = status;
      this.reportedAt = nowMs;
    };
  }
}

/** Milliseconds until so many missing points are restored; 0 when none is missing. */
export function msToRestore(missing: number, restoreRate: number): number {
  if (missing <= 0) return 0;
  return restoreRate > 0 ? Math.ceil((missing / restoreRate) * 1000) : 1000;
}
