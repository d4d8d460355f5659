import { describe, expect, it } from 'vitest';
import { check } from '../checker/check.js';
import { truthfulEvidence } from '../checker/sample-evidence.js';
import { spreadOf } from './percentiles.js';
import { Progress } from './progress.js';
import { makeReport, type ReportSources } from './report.js';
import { reportText } from './report-text.js';
import { table } from './table.js';

const evidence = truthfulEvidence();
const SOURCES: ReportSources = {
  title: 'A small day',
  command: 'npm run demo -- --seed 1',
  playedMs: 2_000,
  slowestPace: 60,
  trading: { orders: 2, ordersRefused: 1, lines: 2, units: 5, linesRefused: 1, shelfEmpty: 0, cancellations: 0, returns: 1, returnsWithoutSale: 1, nothingToUndo: 0, receipts: 0, adjustments: 1, counts: 0 },
  hub: { readyAfterMs: 1_500, residentMb: 140, kills: [] },
  oddities: [{ rule: 'rows read', count: 7 }],
  verdicts: check(evidence, ['warehouse']),
  evidence,
  pool: ['warehouse'],
  deliveries: new Map([['shop', { deliveries: 2, duplicates: 1, late: 0, shuffled: 0, retries: 0 }]]),
  pointToPoint: { everyMs: 900_000, batches: 4, orders: 3, units: 6, ordersRefused: 0, oversoldUnits: new Map([['shop', 1]]), cancellationsOwed: 1, stalenessMs: [60_000, 120_000] },
};

describe('the report', () => {
  it('shows the hub and the point-to-point day side by side', () => {
    const text = reportText(makeReport(SOURCES));
    expect(text).toMatch(/shop +0 +0 +1 +by its last figure/);
    expect(text).toMatch(/cancellations owed +0 +0 +1/);
    expect(text).toContain('1.0 min');
  });

  it('says of every check whether it is true, and so of all', () => {
    const report = makeReport(SOURCES);
    expect(report.allTrue).toBe(true);
    const text = reportText(report);
    expect(text.match(/✓ true/g)).toHaveLength(SOURCES.verdicts.length);
    expect(text).toContain('All checks are true.');
  });

  it('shows what a false check found', () => {
    const wrong = check({ ...evidence, levels: [] }, ['warehouse']);
    const report = makeReport({ ...SOURCES, verdicts: wrong });
    expect(report.allTrue).toBe(false);
    const text = reportText(report);
    expect(text).toContain('✗ FALSE  the ledger adds up to the stock levels');
    expect(text).toContain('MUG in warehouse: the ledger 5, the level 0 (-5)');
    expect(text).toContain('NOT all checks are true.');
  });

  it('is not true when nothing was checked', () => {
    expect(makeReport({ ...SOURCES, verdicts: [] }).allTrue).toBe(false);
  });

  it('survives being written as JSON', () => {
    const report = makeReport(SOURCES);
    expect(JSON.parse(JSON.stringify(report))).toEqual(JSON.parse(JSON.stringify(report, undefined, 2)));
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ movements: { sale: 2 }, pointToPoint: { oversoldUnits: { shop: 1 }, oversoldInAll: 1 } });
  });
});

describe('percentiles', () => {
  it('are nearest ranks', () => {
    const spread = spreadOf(Array.from({ length: 100 }, (_, index) => 100 - index));
    expect(spread).toEqual({ count: 100, p50: 50, p95: 95, p99: 99, most: 100 });
    expect(spreadOf([7])).toEqual({ count: 1, p50: 7, p95: 7, p99: 7, most: 7 });
    expect(spreadOf([])).toBeUndefined();
  });
});

describe('a table', () => {
  it('is as wide as its widest cells and has no trailing blanks', () => {
    expect(table([['a', '1'], ['long', '22'], ['b']], ['left', 'right'])).toEqual(['a      1', 'long  22', 'b']);
  });
});

describe('the progress line', () => {
  const run = (isTTY: boolean): string => {
    let written = '';
    let now = 0;
    const progress = new Progress({ isTTY, columns: 20, write: (text) => (written += text) }, () => now);
    progress.step('Begins');
    for (let time = 100; time <= 6_000; time += 100) {
      now = time;
      progress.show(() => `at ${time} with more to say than fits`);
    }
    progress.clear();
    return written;
  };

  it('is a plain line every few seconds where nobody watches', () => {
    expect(run(false)).toBe('Begins\n  at 5000 with more to say than fits\n');
  });

  it('is one line, redrawn and cut to the width, on a terminal', () => {
    const written = run(true);
    expect(written.split('\n')).toHaveLength(2);
    expect(written.match(/\r/g)?.length).toBeGreaterThan(20);
    expect(written.endsWith('\r\u001b[K')).toBe(true);
    expect(written).not.toContain('than fits');
  });
});
