import type { Spread } from './percentiles.js';
import type { ChannelReport, Report } from './report.js';
import { table, type Row } from './table.js';

const number = (value: number): string => Math.round(value).toLocaleString('en-GB');
const ms = (value: number | undefined): string => (value === undefined ? '-' : value < 10_000 ? `${number(value)} ms` : `${(value / 1_000).toFixed(1)} s`);
const minutes = (value: number | undefined): string => (value === undefined ? '-' : `${(value / 60_000).toFixed(1)} min`);

const HOW: Readonly<Record<ChannelReport['decides'], string>> = { published: 'by its last figure', reserves: 'reserves through the hub', 'never-refuses': 'never refuses' };

function section(title: string, lines: readonly string[]): string[] {
  return ['', title, ...lines.map((line) => `  ${line}`.trimEnd())];
}

function trading(report: Report): string[] {
  const { trading: done } = report;
  const rows: Row[] = [
    ['orders', number(done.orders), `${number(done.lines)} lines, ${number(done.units)} units`],
    ['orders refused', number(done.ordersRefused), `and ${number(done.linesRefused)} lines in all: the system believed to have too few`],
    ['cancellations', number(done.cancellations), 'before the goods left'],
    ['returns', number(done.returns), `${number(done.returnsWithoutSale)} of them without an earlier sale: accepted and flagged`],
    ['receipts', number(done.receipts), 'lorries and night replenishments'],
    ['adjustments', number(done.adjustments), ''],
    ['counts', number(done.counts), 'shelves counted in the stores'],
  ];
  if (done.shelfEmpty > 0) rows.push(['empty shelves', number(done.shelfEmpty), 'lines that a store customer did not find']);
  if (done.nothingToUndo > 0) rows.push(['nothing to undo', number(done.nothingToUndo), 'cancellations and returns of what had been refused']);
  return section('Trading', table(rows, ['left', 'right', 'left']));
}

function hub(report: Report): string[] {
  const kinds = Object.entries(report.movements).sort((a, b) => b[1] - a[1]);
  const all = kinds.reduce((sum, [, count]) => sum + count, 0);
  const perSecond = report.playedMs > 0 ? ` (${number((all * 1_000) / report.playedMs)}/s)` : '';
  const rows: Row[] = [
    ['ledger', `${number(all)} movements${perSecond}: ${kinds.map(([kind, count]) => `${kind} ${number(count)}`).join(', ')}`],
    ['ready', `${ms(report.hub.readyAfterMs)} after its start, with a Postgres of its own`],
  ];
  if (report.hub.residentMb !== undefined) rows.push(['memory', `${number(report.hub.residentMb)} MB resident`]);
  if (report.hub.kills.length > 0) rows.push(['killed', report.hub.kills.join('; ')]);
  return section('The hub', table(rows, ['left', 'left']));
}

function deliveries(report: Report): string[] {
  const head: Row = ['', 'facts', 'messages', 'doubled', 'late', 'shuffled', 'tried again'];
  const rows = report.systems.map((one): Row => [one.system, number(one.facts), number(one.deliveries), number(one.duplicates), number(one.late), number(one.shuffled), number(one.retries)]);
  return section('What the systems told the hub', table([head, ...rows], ['left', 'right', 'right', 'right', 'right', 'right', 'right']));
}

const spread = (of: Spread | undefined): string => (of === undefined ? '-' : `${number(of.p50)} / ${number(of.p95)} / ${number(of.p99)} ms`);

function channels(report: Report): string[] {
  const head: Row = ['', 'changes', 'sent', 'coalesced', 'from the sale: p50 / p95 / p99', 'from the ledger: p50 / p95 / p99'];
  const rows = report.channels
    .filter((one) => one.published > 0)
    .map((one): Row => [one.channel, number(one.changes), number(one.published), number(one.coalesced), spread(one.lagFromSale), spread(one.lagFromRecord)]);
  return section('Published figures, and how long a sale anywhere took to reach each channel', table([head, ...rows], ['left', 'right', 'right', 'right', 'right', 'right']));
}

function oversold(report: Report): string[] {
  const { pointToPoint: batch } = report;
  const head: Row = ['', 'the hub', 'at life\'s pace', `every ${batch.everyMinutes} min`, '', 'causes, with the hub'];
  const rows = report.channels.map((one): Row => {
    const causes = Object.entries(one.oversoldByCause).map(([cause, units]) => `${cause} ${number(units)}`);
    return [one.channel, number(one.oversoldUnits), number(one.oversoldAtLifePace), number(batch.oversoldUnits[one.channel] ?? 0), HOW[one.decides], causes.join(', ')];
  });
  const atLifePace = report.channels.reduce((sum, one) => sum + one.oversoldAtLifePace, 0);
  const lag = report.channels.find((one) => one.lagFromSale)?.lagFromSale;
  const sums: Row[] = [
    ['units in all', number(report.oversoldInAll), number(atLifePace), number(batch.oversoldInAll)],
    ['cancellations owed', number(report.cancellationsOwed), number(report.cancellationsOwedAtLifePace), number(batch.cancellationsOwed), 'orders that cannot be filled whole'],
    ['orders taken', number(report.trading.orders), '', number(batch.orders)],
    ['news is old, p50', ms(lag?.p50), ms(lag?.p50), minutes(batch.stalenessMs?.p50), 'from a sale to the others\' figure'],
    ['news is old, p99', ms(lag?.p99), ms(lag?.p99), minutes(batch.stalenessMs?.p99)],
  ];
  return section('Oversold units: with the hub, and the same day point to point', table([head, ...rows, ...sums], ['left', 'right', 'right', 'right', 'left', 'left']));
}

function verdicts(report: Report): string[] {
  const lines = report.verdicts.flatMap((verdict) => [
    `${verdict.holds ? '✓ true ' : '✗ FALSE'}  ${verdict.name} (${number(verdict.compared)} compared${verdict.wrong > 0 ? `, ${number(verdict.wrong)} wrong` : ''})`,
    ...verdict.examples.map((example) => `           ${example}`),
  ]);
  return section('The checker, which has a model of its own', lines);
}

function oddities(report: Report): string[] {
  if (report.oddities.length === 0) return [];
  return section('The file, and what was done with its oddities', table(report.oddities.map(({ rule, count }): Row => [number(count), rule]), ['right', 'left']));
}

function compression(report: Report): string[] {
  if (report.slowestPace === undefined) return [];
  return [`Played ${number(report.slowestPace)} times as fast as life or faster: 100 ms of lag cost as much here as ${number(report.slowestPace / 10)} s in a shop.`];
}

/** The report as people read it. Every line is explained in docs/demo.md. */
export function reportText(report: Report): string {
  return [
    `${report.title}: ${number(report.items)} items, played in ${(report.playedMs / 1_000).toFixed(1)} s`,
    ...compression(report),
    ...oddities(report),
    ...trading(report),
    ...deliveries(report),
    ...hub(report),
    ...channels(report),
    ...oversold(report),
    ...verdicts(report),
    '',
    report.allTrue ? 'All checks are true.' : 'NOT all checks are true.',
    `Again: ${report.command}`,
    '',
  ].join('\n');
}
