import { expect, it } from 'vitest';
import { SingleFlight } from './single-flight.js';

/** Work that ends when the test says so. */
function gate(): { work: () => Promise<void>; open: () => void; runs: () => number } {
  let runs = 0;
  let open = (): void => undefined;
  return { work: () => { runs += 1; return new Promise<void>((resolve) => (open = resolve)); }, open: () => open(), runs: () => runs };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('runs at once when nothing runs', async () => {
  const { work, open, runs } = gate();
  const flight = new SingleFlight(work, () => undefined);
  flight.ring();
  expect(runs()).toBe(1);
  open();
  await flight.idle();
  expect(flight.busy).toBe(false);
});

it('turns many rings during a run into one more run', async () => {
  const { work, open, runs } = gate();
  const flight = new SingleFlight(work, () => undefined);
  flight.ring();
  for (let i = 0; i < 10; i += 1) flight.ring();
  open();
  await turn();
  expect(runs()).toBe(2);
  open();
  await flight.idle();
  expect(runs()).toBe(2);
});

it('reports what the work throws, even at once, and runs again at the next ring', async () => {
  const errors: unknown[] = [];
  const flight = new SingleFlight(() => { throw new Error('at once'); }, (error) => errors.push(error));
  flight.ring();
  await flight.idle();
  flight.ring();
  await flight.idle();
  expect(errors).toHaveLength(2);
});
