import { writeFileSync } from 'node:fs';
import { readDemoOptions, UsageError, type DemoOptions } from './demo-options.js';
import { Progress } from './report/progress.js';
import { reportText } from './report/report-text.js';
import { dayScript } from './replay/day/day-script.js';
import { Interrupted, runReplay } from './replay/run-replay.js';
import type { TradingScript } from './replay/trading-script.js';
import { CsvError } from './replay/uci/csv.js';
import { UciFileError } from './replay/uci/uci-rows.js';
import { uciScript } from './replay/uci/uci-script.js';
import { UNRULY } from './simulators/index.js';

function makeScript({ data, rows, seed, orders, items, wallMs, kills }: DemoOptions): Promise<TradingScript> | TradingScript {
  // Where the hub is killed, nobody may be refused for want of stock: every fact of the script must come through.
  return data === undefined ? dayScript({ seed, orders, items, wallMs, ample: kills > 0 }) : uciScript(data, rows);
}

/** @returns the exit code: 1 when any check is false. */
async function main(args: readonly string[]): Promise<number> {
  const options = readDemoOptions(args);
  if (options.help) {
    process.stdout.write('npm run demo -- --help explains the options.\n');
    return 0;
  }
  const script = await makeScript(options);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  const { seed, kills, keep, calm } = options;
  const command = ['npm run demo --', ...args].join(' ').replace(/ --$/, '');
  const { report, kept } = await runReplay({ script, seed, delivery: calm ? {} : UNRULY, kills, keep, command, progress: new Progress(process.stderr), signal: stop.signal });
  process.stdout.write(`\n${reportText(report)}`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (kept) process.stdout.write(`\nThe hub runs on: ${kept.url}/docs  (${kept.email}, password ${kept.password}; kill -TERM ${kept.pid} ends it; its data: ${kept.dataDir})\n`);
  return report.allTrue ? 0 : 1;
}

/** Faults of whoever calls, told without a stack. */
function isCallersFault(error: unknown): boolean {
  return error instanceof UsageError || error instanceof UciFileError || error instanceof CsvError || ['ENOENT', 'EISDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '');
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof Interrupted) process.exitCode = 130;
  else {
    process.stderr.write(isCallersFault(error) ? `demo: ${(error as Error).message}\nnpm run demo -- --help explains the options.\n` : `${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
// A hub that is left running holds pipes to this process; everything else has been stopped by now.
process.exit();
