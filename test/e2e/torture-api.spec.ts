import { expect, it } from 'vitest';
import { Progress } from '../../lab/report/progress.js';
import { tortureApi } from '../../lab/torture/run.js';
import { tortureText } from '../../lab/torture/judgement/report.js';

const SEED = 20_261_125;

/** The short form of `npm run torture:api`: a few requests to each operation that the hub's own document has. */
it('answers hundreds of hostile requests without a fault, and trades on as if nothing had happened', { timeout: 180_000 }, async () => {
  const silent = new Progress({ write: () => true });
  const report = await tortureApi({ seed: SEED, cases: 720, from: 0, minutes: undefined, only: undefined, json: undefined }, `seed ${SEED}`, silent, new AbortController().signal);
  expect(report.faults, tortureText(report)).toEqual([]);
  expect(report.held).toBe(true);
  // What makes the run worth something: most operations were reached, in every way.
  expect(report.unreached.length / report.operations.length).toBeLessThan(0.5);
  expect(report.rawSockets).toBeGreaterThan(20);
  expect(report.movements).toBeGreaterThan(0);
});
