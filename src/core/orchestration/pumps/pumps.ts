import { groupBy, lastValueFrom, mergeMap, Subject, takeUntil, timer } from 'rxjs';
import { exhaustMapWithTrailing } from './exhaust-map-with-trailing.js';

/**
 * Work that goes on beside other work of its kind and never beside itself: one pump a key. A pump that is started while it
 * runs runs once more afterwards, so that nothing which came meanwhile is passed over.
 */
export class Pumps<Work> {
  private readonly due = new Subject<Work>();
  private readonly stopping = new Subject<void>();
  private readonly finished: Promise<unknown>;
  private over = false;

  /** @param pump must not throw: whoever owns the work knows what a failure of it means. */
  constructor(keyOf: (work: Work) => number, pump: (work: Work) => Promise<void>) {
    const pumps = this.due.pipe(groupBy(keyOf), mergeMap((ofKey) => ofKey.pipe(exhaustMapWithTrailing(pump))));
    this.finished = lastValueFrom(pumps, { defaultValue: undefined });
  }

  /** True from the moment that nothing new is to be begun: a pump that loops looks at it. */
  get stopped(): boolean {
    return this.over;
  }

  start(work: Work): void {
    this.due.next(work);
  }

  /** Runs `act` after a while, unless the pumps are stopped by then. */
  later(delayMs: number, act: () => void): void {
    timer(delayMs).pipe(takeUntil(this.stopping)).subscribe(act);
  }

  /** Begins nothing new and waits for what is under way. */
  async stop(): Promise<void> {
    this.over = true;
    this.stopping.next();
    this.due.complete();
    await this.finished;
  }
}
