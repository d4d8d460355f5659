import { describe, expect, it } from 'vitest';
import { reportText } from '../../lab/report/report-text.js';
import { Progress } from '../../lab/report/progress.js';
import { dayScript } from '../../lab/replay/day/day-script.js';
import { runReplay } from '../../lab/replay/run-replay.js';
import { UNRULY } from '../../lab/simulators/index.js';

const SEED = 20_261_123;

describe('a trading day through the whole hub', () => {
  it('ends with every check true though messages are doubled, late, lost and shuffled', { timeout: 240_000 }, async () => {
    const script = dayScript({ seed: SEED, orders: 900, items: 120, wallMs: 9_000 });
    const { report, evidence } = await runReplay({ script, seed: SEED, delivery: UNRULY, kills: 0, keep: false, command: `seed ${SEED}`, progress: new Progress({ write: () => true }) });
    const text = reportText(report);

    expect(report.verdicts.filter((verdict) => !verdict.holds), text).toEqual([]);
    expect(report.allTrue).toBe(true);

    // What makes the run worth something: enough happened, and enough went wrong on the way.
    expect(evidence.facts.length).toBeGreaterThan(1_800);
    const sum = (pick: (system: (typeof report.systems)[number]) => number): number => report.systems.reduce((all, system) => all + pick(system), 0);
    expect(sum((system) => system.duplicates)).toBeGreaterThan(5);
    expect(sum((system) => system.shuffled)).toBeGreaterThan(20);
    expect(sum((system) => system.late)).toBeGreaterThan(5);
    expect(Object.keys(report.movements)).toEqual(expect.arrayContaining(['opening', 'sale', 'return', 'receipt', 'adjustment']));

    // The channel that reserves never oversells; the day without a hub does.
    const app = report.channels.find((channel) => channel.channel === 'app');
    expect(app?.oversoldUnits).toBe(0);
    expect(evidence.facts.some((fact) => fact.system === 'app' && fact.kind === 'sale')).toBe(true);
    expect(report.pointToPoint.oversoldInAll).toBeGreaterThan(0);

    // Every channel that is told figures was measured.
    for (const channel of report.channels.filter((one) => one.decides === 'published')) expect(channel.lagFromSale?.count, channel.channel).toBeGreaterThan(100);
  });
});
