import type { CallLimits } from '../../access.js';

/** Lent at a time by quotas alone, where no rate says how much is used between two loans. */
const QUOTA_LOANS_PER_DAY = 2_000;
const LARGEST_QUOTA_LOAN = 200;
/** A loan is what the rate gives in a quarter of a second, so each process that is busy asks four times a second, or eight. */
const RATE_LOANS_PER_SECOND = 4;
/** With much less time to the next token, asking at once is as good. */
const LONGEST_REFUSAL_MS = 1_000;

export type ShortOf = 'rate' | 'day' | 'month';

/** What the database answered when calls were asked for. */
export interface Loan {
  readonly granted: number;
  readonly short_of: ShortOf | null;
  readonly wait_ms: number | null;
  /** What the tightest limit has left for all processes. */
  readonly left_over: number;
}

export interface Refusal {
  readonly shortOf: ShortOf;
  /** On the clock that `now` gives. */
  readonly endsAt: number;
}

/** The calls of one client that this process may let through without asking, and what it knows beyond them. */
export class Allowance {
  private calls = 0;
  private refusal: Refusal | undefined;
  private askAgainAt = 0;
  private elsewhere = 0;
  /** When a call was last let through or refused; idle allowances are given back. */
  usedAt: number;
  asking: Promise<void> | undefined;
  waiting = 0;

  constructor(
    readonly limits: CallLimits,
    private readonly now: () => number,
  ) {
    this.usedAt = now();
  }

  /** Lets one call through if there is one left here. */
  take(): boolean {
    if (this.calls < 1) return false;
    this.calls -= 1;
    return true;
  }

  /** What to ask for next, beyond those who wait already. */
  get loan(): number {
    const { ratePerSecond, burst, perDay, perMonth } = this.limits;
    const byRate = ratePerSecond === null || burst === null ? LARGEST_QUOTA_LOAN : Math.min(ratePerSecond, burst) / RATE_LOANS_PER_SECOND;
    const byQuota = Math.min(perDay ?? Number.POSITIVE_INFINITY, (perMonth ?? Number.POSITIVE_INFINITY) / 30) / QUOTA_LOANS_PER_DAY;
    return Math.max(1, Math.ceil(Math.min(byRate, byQuota)));
  }

  /** Whether to ask for more before callers have to wait for it. Loans of one are asked for when they are needed: laid in here, they would be missed elsewhere. */
  get runsLow(): boolean {
    return this.loan > 1 && this.calls * 2 <= this.loan && this.refused() === undefined;
  }

  /** Calls that anybody may still make, as far as is known here. */
  get remaining(): number {
    return Math.max(0, Math.floor(this.calls + this.elsewhere));
  }

  /** The refusal that still holds, so that a client over its limit costs the database nothing. */
  refused(): Refusal | undefined {
    return this.now() < this.askAgainAt ? this.refusal : undefined;
  }

  /** Takes over what the database lent; answers the refusal where it was nothing. */
  receive({ granted, short_of: shortOf, wait_ms: waitMs, left_over: leftOver }: Loan): Refusal | undefined {
    this.calls += granted;
    this.elsewhere = Math.max(0, leftOver);
    this.refusal = shortOf === null ? undefined : { shortOf, endsAt: this.now() + (waitMs ?? 0) };
    this.askAgainAt = this.refusal ? Math.min(this.refusal.endsAt, this.now() + LONGEST_REFUSAL_MS) : 0;
    return this.refusal;
  }

  /** Hands over all that is left here. */
  empty(): number {
    const { calls } = this;
    this.calls = 0;
    return calls;
  }
}
