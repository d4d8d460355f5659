import { lastValueFrom, Subject, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { exhaustMapWithTrailing } from './exhaust-map-with-trailing.js';

/** Work that ends when told to. */
function gates(): { work: (value: number) => Promise<number>; begun: number[]; open: () => Promise<void> } {
  const begun: number[] = [];
  const waiting: (() => void)[] = [];
  return {
    begun,
    work: (value) => {
      begun.push(value);
      return new Promise((resolve) => waiting.push(() => resolve(value)));
    },
    open: async () => {
      waiting.shift()?.();
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

it('works on one value at a time, then on the latest of those that came meanwhile', async () => {
  const { work, begun, open } = gates();
  const source = new Subject<number>();
  const done = lastValueFrom(source.pipe(exhaustMapWithTrailing(work), toArray()));
  for (const value of [1, 2, 3, 4]) source.next(value);
  expect(begun).toEqual([1]);
  await open();
  expect(begun).toEqual([1, 4]);
  await open();
  source.next(5);
  expect(begun).toEqual([1, 4, 5]);
  await open();
  source.complete();
  expect(await done).toEqual([1, 4, 5]);
});

it('finishes the work under way and the value that waits before it completes', async () => {
  const { work, begun, open } = gates();
  const source = new Subject<number>();
  let completed = false;
  const done = lastValueFrom(source.pipe(exhaustMapWithTrailing(work), toArray())).then((values) => {
    completed = true;
    return values;
  });
  source.next(1);
  source.next(2);
  source.complete();
  expect(completed).toBe(false);
  await open();
  expect(begun).toEqual([1, 2]);
  await open();
  expect(await done).toEqual([1, 2]);
});
