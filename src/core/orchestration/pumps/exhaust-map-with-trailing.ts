import { defer, exhaustMap, finalize, from, Subject, throttle, type Observable, type OperatorFunction } from 'rxjs';

/**
 * Works on one value at a time and, of those that come meanwhile, on the latest alone. exhaustMap would forget the value
 * that came last, concatMap would queue every one of them behind slow work: this is back-pressure for values of which
 * a newer one says all that the older ones said. When the source completes, the work under way and the value that
 * waits are still done. `work` must not reject.
 */
export function exhaustMapWithTrailing<Value, Result>(work: (value: Value) => Promise<Result>): OperatorFunction<Value, Result> {
  return (source: Observable<Value>) =>
    defer(() => {
      const free = new Subject<void>();
      return source.pipe(
        throttle(() => free, { leading: true, trailing: true }),
        exhaustMap((value) => from(work(value)).pipe(finalize(() => free.next()))),
      );
    });
}
