import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Progress } from '../../lab/report/progress.js';
import { reportText } from '../../lab/report/report-text.js';
import type { Topology } from '../../lab/replicas/cluster.js';
import type { FaultName } from '../../lab/replicas/faults.js';
import { torture, type TorturePlan } from '../../lab/replicas/torture.js';
import { redisInstalled } from '../peers/redis/redis.js';
import { requireBuild } from '../support/built.js';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';

/** Another seed each day, so that the points wander; it is told with the result. The long form is `npm run torture:replicas`. */
const SEED = Math.floor(Date.now() / 86_400_000);

let database: TestDatabase;

beforeEach(async () => {
  requireBuild();
  database = await createEmptyDatabase();
});

afterEach(() => database.drop());

async function survive(topology: Topology, queue: TorturePlan['queue'], faults: readonly FaultName[]): Promise<void> {
  const plan = { topology, queue, faults, seed: SEED, orders: 150, items: 40, wallMs: 2_500, races: 1 };
  const report = await torture({ ...plan, databaseUrl: database.url, command: JSON.stringify(plan), progress: new Progress({ write: () => true }) });
  expect(report.verdicts.filter((verdict) => !verdict.holds), reportText(report)).toEqual([]);
  expect(report.hub.kills).toHaveLength(faults.length);
  expect(report.trading.linesRefused).toBe(0);
}

describe(`replicas, one of them killed in the middle (seed ${SEED})`, () => {
  it('lose, double and promise nothing twice on one Postgres alone: two that do everything', { timeout: 240_000 }, () => survive('all+all', 'postgres', ['kill']));

  it.skipIf(!redisInstalled)('lose, double and promise nothing twice with Redis emptied besides: two that answer and one that works', { timeout: 240_000 }, () => survive('api+api+worker', 'redis', ['flush', 'kill']));
});
