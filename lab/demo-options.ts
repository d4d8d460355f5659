import { parseArgs } from 'node:util';

/** What `npm run demo` was asked for. bin/launcher/help.mjs explains each option to people. */
export interface DemoOptions {
  readonly seed: number;
  readonly orders: number;
  readonly items: number;
  /** How long the generated day is played, by the clock on the wall. */
  readonly wallMs: number;
  /** The UCI file, instead of a generated day, and how many of its rows. */
  readonly data: string | undefined;
  readonly rows: number | undefined;
  readonly kills: number;
  readonly calm: boolean;
  readonly json: string | undefined;
  readonly keep: boolean;
  /** Nothing but simulated systems: bin/crossdock.mjs plays the real ones at the end, unless it stands there. */
  readonly simulated: boolean;
  readonly help: boolean;
}

/** The command line makes no sense; the message says what would. */
export class UsageError extends Error {}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
export const DEMO_FLAGS = {
  orders: text, items: text, minutes: text, speed: text, data: text, rows: text, seed: text, kill: text, json: text, calm: flag, keep: flag, simulated: flag, help: { ...flag, short: 'h' },
} as const;

const DAY_MS = 17 * 3_600_000;
const BY_DEFAULT = { seed: 1, orders: 5_000, items: 400, minutes: 0.75 } as const;

function wholeNumber(name: string, given: string | undefined, byDefault: number, least: number, most: number): number {
  if (given === undefined) return byDefault;
  const value = Number(given);
  if (!/^\d+$/.test(given) || value < least || value > most) throw new UsageError(`--${name} must be a whole number from ${least} to ${most}.`);
  return value;
}

function above(name: string, given: string): number {
  const value = Number(given);
  if (!(value > 0) || !Number.isFinite(value)) throw new UsageError(`--${name} must be a number above zero.`);
  return value;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: DEMO_FLAGS }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** @throws UsageError */
export function readDemoOptions(args: readonly string[]): DemoOptions {
  const given = parse(args);
  const foreign = given.data === undefined ? (['rows'] as const) : (['orders', 'items', 'minutes', 'speed'] as const);
  for (const name of foreign) if (given[name] !== undefined) throw new UsageError(`--${name} is ${given.data === undefined ? 'for --data' : 'for the generated day, not for --data'}.`);
  if (given.minutes !== undefined && given.speed !== undefined) throw new UsageError('Give --minutes or --speed, not both.');
  return {
    seed: wholeNumber('seed', given.seed, BY_DEFAULT.seed, 0, 4_294_967_295),
    orders: wholeNumber('orders', given.orders, BY_DEFAULT.orders, 20, 1_000_000),
    items: wholeNumber('items', given.items, BY_DEFAULT.items, 20, 50_000),
    wallMs: given.speed === undefined ? above('minutes', given.minutes ?? String(BY_DEFAULT.minutes)) * 60_000 : DAY_MS / above('speed', given.speed),
    data: given.data,
    rows: given.rows === undefined ? undefined : wholeNumber('rows', given.rows, 0, 1, 10_000_000),
    kills: wholeNumber('kill', given.kill, 0, 0, 1_000),
    calm: given.calm === true,
    json: given.json,
    keep: given.keep === true,
    simulated: given.simulated === true,
    help: given.help === true,
  };
}
