import { exhaustMap, interval } from 'rxjs';

/** How long a lease runs without being renewed, and how often it is. */
export interface LeaseTerms {
  readonly leaseMs: number;
  readonly everyMs: number;
}

/** A moment on both clocks of this process. */
interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

/** So long before its end a lease counts as over: what leaves the hub until then arrives while it still runs. */
const ARRIVES_WITHIN_MS = 1_000;

/** To be taken before a lease is asked for: its term begins no earlier. */
export function momentNow(): Moment {
  return { monotonic: performance.now(), wall: Date.now() };
}

/**
 * Keeps a lease while `work` is under way: a process that was killed frees what it held by its silence, within seconds; one
 * that waits for somebody slow keeps it. `work` is told whether the lease surely still runs. A process that stood still for longer does not
 * know by itself that another has taken over: the database's fence keeps it from writing there, and nothing but this keeps it from
 * writing into an outside system.
 * @param since when the lease was asked for.
 * @param renew resolves to whether the lease is still ours; must not throw, and is false where nobody knows.
 */
export async function whileRenewed<Value>({ leaseMs, everyMs }: LeaseTerms, since: Moment, renew: () => Promise<boolean>, work: (holds: () => boolean) => Promise<Value>): Promise<Value> {
  let began = since;
  // A machine that sleeps stops the one clock, and somebody who sets the time moves the other: the lease is over when either says so.
  const holds = (): boolean => Math.max(performance.now() - began.monotonic, Date.now() - began.wall) < leaseMs - ARRIVES_WITHIN_MS;
  const keep = async (): Promise<void> => {
    const asked = momentNow();
    if (await renew()) began = asked;
  };
  const renewals = interval(everyMs).pipe(exhaustMap(keep)).subscribe();
  try {
    return await work(holds);
  } finally {
    renewals.unsubscribe();
  }
}
