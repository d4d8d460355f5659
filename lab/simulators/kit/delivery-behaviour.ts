import type { DeliveryFaults } from '../../outside-system.js';

/** How well an outside system delivers its webhooks. Shares are 0 to 1 of the messages; times are milliseconds. */
export interface DeliveryBehaviour extends DeliveryFaults {
  /** Most requests under way at once. Above 1, messages may overtake one another. */
  readonly concurrency: number;
  /** An attempt without an answer for so long counts as failed, though the hub may have accepted it. */
  readonly timeoutMs: number;
  /** Wait after the first failure; doubled with each further one up to `backoffMaxMs`. */
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  /** A shuffled message is held back for up to so long, and what follows overtakes it. */
  readonly shuffleMs: number;
  /** Told a second time under a new delivery id: only the fact's business key shows that it is the same. */
  readonly reissueShare: number;
  /** The first attempt never arrives; sent again after `redeliverMs`. */
  readonly lostShare: number;
  readonly redeliverMs: number;
}

/** A system that works as documented. */
export const ORDERLY: DeliveryBehaviour = {
  concurrency: 8,
  timeoutMs: 10_000,
  backoffFirstMs: 50,
  backoffMaxMs: 2_000,
  duplicateShare: 0,
  reissueShare: 0,
  shuffleShare: 0,
  shuffleMs: 200,
  lateShare: 0,
  lateMs: 0,
  lostShare: 0,
  redeliverMs: 1_000,
};

/** What webhook senders really do on a bad day. */
export const UNRULY: DeliveryBehaviour = {
  ...ORDERLY,
  duplicateShare: 0.03,
  reissueShare: 0.01,
  shuffleShare: 0.1,
  lateShare: 0.02,
  lateMs: 2_000,
  lostShare: 0.01,
};
