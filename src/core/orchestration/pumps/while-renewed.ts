import { exhaustMap, interval } from 'rxjs';

/**
 * Keeps a lease while `work` is under way: a process that was killed frees what it held by its silence, within seconds; one
 * that waits for somebody slow keeps it. `renew` must not throw.
 */
export async function whileRenewed<Value>(everyMs: number, renew: () => Promise<unknown>, work: () => Promise<Value>): Promise<Value> {
  const renewals = interval(everyMs).pipe(exhaustMap(renew)).subscribe();
  try {
    return await work();
  } finally {
    renewals.unsubscribe();
  }
}
