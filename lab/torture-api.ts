import { writeFileSync } from 'node:fs';
import { UsageError } from './demo-options.js';
import { Progress } from './report/progress.js';
import { readTortureOptions } from './torture/options.js';
import { tortureText } from './torture/judgement/report.js';
import { tortureApi } from './torture/run.js';

/** @returns the exit code: 1 when anything was found, or nothing was sent. */
async function main(args: readonly string[]): Promise<number> {
  const options = readTortureOptions(args);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  const report = await tortureApi(options, ['npm run torture:api --', ...args].join(' ').replace(/ --$/, ''), new Progress(process.stderr), stop.signal);
  process.stdout.write(`\n${tortureText(report)}`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  return report.held ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(error instanceof UsageError ? `torture:api: ${error.message}\nnpm run torture:api -- --help explains the options.\n` : `${(error as Error).stack ?? String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
process.exit();
