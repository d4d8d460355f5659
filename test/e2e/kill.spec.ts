import { describe, expect, it } from 'vitest';
import { reportText } from '../../lab/report/report-text.js';
import { Progress } from '../../lab/report/progress.js';
import { dayScript } from '../../lab/replay/day/day-script.js';
import { runReplay } from '../../lab/replay/run-replay.js';
import { UNRULY } from '../../lab/simulators/index.js';

/** Another seed each day, so that the points wander; it is told with the result. The long form is `npm run demo -- --kill 10`. */
const SEED = Math.floor(Date.now() / 86_400_000);

describe('kill -9 in mid-replay', () => {
  it(`loses nothing and doubles nothing (seed ${SEED})`, { timeout: 240_000 }, async () => {
    const script = dayScript({ seed: SEED, orders: 700, items: 100, wallMs: 8_000, ample: true });
    const { report, evidence } = await runReplay({ script, seed: SEED, delivery: UNRULY, kills: 2, keep: false, command: `seed ${SEED}`, progress: new Progress({ write: () => true }) });

    expect(report.hub.kills).toHaveLength(2);
    expect(report.hub.kills[0]).toContain('hub and Postgres');
    expect(report.verdicts.filter((verdict) => !verdict.holds), reportText(report)).toEqual([]);

    // The kills were felt, and with ample stock nobody was turned away.
    expect(report.systems.reduce((sum, system) => sum + system.retries, 0)).toBeGreaterThan(0);
    expect(report.trading.linesRefused).toBe(0);
    expect(evidence.facts.length).toBeGreaterThan(1_300);
  });
});
