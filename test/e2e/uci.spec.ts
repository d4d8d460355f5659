import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reportText } from '../../lab/report/report-text.js';
import { Progress } from '../../lab/report/progress.js';
import { runReplay } from '../../lab/replay/run-replay.js';
import { uciScript } from '../../lab/replay/uci/uci-script.js';
import { UNRULY } from '../../lab/simulators/index.js';

const folder = process.env['CROSSDOCK_REAL_DATA'] ? join(process.env['CROSSDOCK_REAL_DATA'], 'data/uci-online-retail') : undefined;
const ROWS = 3_000;

describe('the UCI Online Retail file', () => {
  it.skipIf(!folder)('replays its first rows as fast as the hub takes them, every check true', { timeout: 240_000 }, async () => {
    const file = readdirSync(folder as string).find((name) => name.endsWith('.csv')) as string;
    const script = await uciScript(join(folder as string, file), ROWS);
    const { report, evidence } = await runReplay({ script, seed: 1, delivery: UNRULY, kills: 0, keep: false, command: 'the first rows', progress: new Progress({ write: () => true }) });

    expect(report.verdicts.filter((verdict) => !verdict.holds), reportText(report)).toEqual([]);
    expect(report.oddities.find((oddity) => oddity.rule === 'rows read')?.count).toBe(ROWS);
    // Every row that is goods became a fact, or was refused by a system that believed to have too few.
    const rows = script.happenings.reduce((sum, event) => sum + (event.kind === 'order' || event.kind === 'return' ? event.lines.length : event.kind === 'adjustment' ? 1 : 0), 0);
    const facts = evidence.facts.filter((fact) => fact.kind === 'sale' || fact.kind === 'return' || fact.kind === 'adjustment').length;
    expect(facts + report.trading.linesRefused + report.trading.shelfEmpty).toBeGreaterThanOrEqual(rows - 5);
    expect(facts).toBeGreaterThan(rows * 0.95);
  });
});
