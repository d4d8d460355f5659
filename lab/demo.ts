import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Progress } from './report/progress.js';
import { reportText } from './report/report-text.js';
import { CsvError } from './replay/uci/csv.js';
import { UciFileError } from './replay/uci/uci-rows.js';
import { uciScript } from './replay/uci/uci-script.js';
import { dayScript } from './replay/day/day-script.js';
import { Interrupted, runReplay } from './replay/run-replay.js';
import type { TradingScript } from './replay/trading-script.js';
import { UNRULY } from './simulators/index.js';

const HELP = `npm run demo -- [options]

Starts a hub, connects a practice retailer to it (a shop, two marketplaces, an app, store tills), plays a trading day, and
prints a report with the verdict of an independent checker. Exits with 1 when any check is false. See docs/demo.md.

  --orders N       orders of the generated day (default 5000)
  --items N        items that the retailer sells (default 400)
  --minutes M      how long the generated day is played, by the clock on the wall (default 0.75)
  --speed X        instead of --minutes: how many times as fast as life the quiet hours run
  --data FILE      play the UCI Online Retail file instead, as fast as the hub takes it; docs/demo.md says where to get it
  --rows N         only the first N rows of that file
  --seed N         another day, and other accidents on the way (default 1)
  --kill N         kill -9 the hub and its Postgres N times at random points, and start them again; stock is ample then
  --calm           no message is doubled, late, lost or shuffled
  --json FILE      write the report as JSON too
  --keep           leave the hub running at the end, to look around in it
  --help           this text
`;

/** The command line makes no sense. */
class UsageError extends Error {}

function wholeNumber(name: string, text: string | undefined, byDefault: number, least: number, most: number): number {
  if (text === undefined) return byDefault;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw new UsageError(`--${name} must be a whole number from ${least} to ${most}.`);
  return value;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new UsageError(`--${name} must be a number above zero.`);
  return value;
}

function readOptions(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: { orders: text, items: text, minutes: text, speed: text, data: text, rows: text, seed: text, kill: text, json: text, calm: flag, keep: flag, help: { ...flag, short: 'h' } },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

type Options = ReturnType<typeof readOptions>;

const DAY_MS = 17 * 3_600_000;

async function makeScript(options: Options, seed: number, ample: boolean): Promise<TradingScript> {
  if (options.data !== undefined) {
    for (const other of ['orders', 'items', 'minutes', 'speed'] as const) if (options[other] !== undefined) throw new UsageError(`--${other} is for the generated day, not for --data.`);
    return uciScript(options.data, options.rows === undefined ? undefined : wholeNumber('rows', options.rows, 0, 1, 10_000_000));
  }
  if (options.rows !== undefined) throw new UsageError('--rows is for --data.');
  if (options.minutes !== undefined && options.speed !== undefined) throw new UsageError('Give --minutes or --speed, not both.');
  const wallMs = options.speed === undefined ? positive('minutes', options.minutes ?? '0.75') * 60_000 : DAY_MS / positive('speed', options.speed);
  return dayScript({ seed, orders: wholeNumber('orders', options.orders, 5_000, 20, 1_000_000), items: wholeNumber('items', options.items, 400, 20, 50_000), wallMs, ample });
}

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const seed = wholeNumber('seed', options.seed, 1, 0, 4_294_967_295);
  const kills = wholeNumber('kill', options.kill, 0, 0, 1_000);
  const script = await makeScript(options, seed, kills > 0);
  const progress = new Progress(process.stderr);
  const command = ['npm run demo --', ...args].join(' ').replace(/ --$/, '');
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  const { report, kept } = await runReplay({ script, seed, delivery: options.calm ? {} : UNRULY, kills, keep: options.keep === true, command, progress, signal: stop.signal });
  process.stdout.write(`\n${reportText(report)}`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (kept) process.stdout.write(`\nThe hub runs on: ${kept.url}  (${kept.email}, password ${kept.password}, data in ${kept.dataDir})\n`);
  return report.allTrue ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
  // A hub that is left running still has open pipes to this process; everything else has been stopped.
  process.exit();
} catch (error) {
  if (error instanceof Interrupted) process.exit(130);
  const known = error instanceof UsageError || error instanceof UciFileError || error instanceof CsvError || (error as NodeJS.ErrnoException).code === 'ENOENT';
  process.stderr.write(`${known ? `demo: ${(error as Error).message}\nnpm run demo -- --help tells what it takes.` : ((error as Error).stack ?? String(error))}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
}
