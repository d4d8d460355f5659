import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Progress } from '../../lab/report/progress.js';
import { reportText } from '../../lab/report/report-text.js';
import { dayScript } from '../../lab/replay/day/day-script.js';
import { runReplay } from '../../lab/replay/run-replay.js';
import { Cluster } from '../../lab/replicas/cluster.js';
import { RollingUpgrade } from '../../lab/replicas/rolling-upgrade.js';
import { judgeAnswers } from '../../lab/replicas/torture.js';
import { UNRULY } from '../../lab/simulators/index.js';
import { requireBuild } from '../support/built.js';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { buildOf, previousCommit } from '../peers/previous/previous-build.js';

const SEED = Math.floor(Date.now() / 86_400_000);
const previous = previousCommit();

describe.skipIf(previous === undefined)(`an upgrade from the version before the newest migration, ${previous?.slice(0, 7) ?? 'which this clone does not have'}`, () => {
  let root: string;
  let database: TestDatabase;

  beforeAll(async () => {
    requireBuild();
    root = buildOf(previous ?? '');
    database = await createEmptyDatabase();
  }, 180_000);

  afterAll(() => database.drop());

  it(`is made replica by replica under load: nothing is lost, doubled or refused, and the old ones stay ready (seed ${SEED})`, { timeout: 240_000 }, async () => {
    let cluster: Cluster | undefined;
    let upgrade: RollingUpgrade | undefined;
    const { report } = await runReplay({
      script: dayScript({ seed: SEED, orders: 200, items: 40, wallMs: 4_000, ample: true }),
      seed: SEED, delivery: UNRULY, kills: 0, keep: false, command: 'npm test -- test/e2e/rolling-upgrade.spec.ts', progress: new Progress({ write: () => true }),
      site: async () => {
        cluster = await Cluster.start({ roles: ['all', 'api'], databaseUrl: database.url, root });
        upgrade = new RollingUpgrade(cluster);
        return { site: cluster, disturbance: upgrade };
      },
      afterwards: async () => (cluster ? judgeAnswers(cluster) : []),
    });
    expect(report.verdicts.filter(({ holds }) => !holds), reportText(report)).toEqual([]);
    expect(report.hub.kills).toHaveLength(2);
    expect(report.trading.linesRefused).toBe(0);
    expect(upgrade?.readiness).toEqual([200, 200, 200]);
    expect(upgrade?.ended).toEqual([0, 0]);
  });
});
