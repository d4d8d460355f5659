import { parseArgs } from 'node:util';
import { UsageError } from '../demo-options.js';

/** What `npm run torture:api` was asked for. bin/launcher/help.mjs explains each option to people. */
export interface TortureOptions {
  readonly seed: number;
  /** Requests to send, from the one with the number `from`. */
  readonly cases: number;
  readonly from: number;
  readonly minutes: number | undefined;
  /** Only operations whose name (`POST /api/v1/items/bulk`) contains this. */
  readonly only: string | undefined;
  readonly json: string | undefined;
}

const text = { type: 'string' } as const;
export const TORTURE_FLAGS = { seed: text, cases: text, from: text, minutes: text, only: text, json: text, help: { type: 'boolean', short: 'h' } } as const;

function whole(name: string, given: string | undefined, byDefault: number, least: number): number {
  if (given === undefined) return byDefault;
  const value = Number(given);
  if (!/^\d{1,10}$/.test(given) || value < least || value > 4_294_967_295) throw new UsageError(`--${name} must be a whole number from ${least} to 4294967295.`);
  return value;
}

/** @throws UsageError */
export function readTortureOptions(args: readonly string[]): TortureOptions {
  let given;
  try {
    given = parseArgs({ args: [...args], options: TORTURE_FLAGS }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const minutes = given.minutes === undefined ? undefined : Number(given.minutes);
  if (minutes !== undefined && !(minutes > 0 && minutes < 10_000)) throw new UsageError('--minutes must be a number above zero.');
  return {
    seed: whole('seed', given.seed, 1, 0), cases: whole('cases', given.cases, 100_000, 1), from: whole('from', given.from, 0, 0),
    minutes, only: given.only, json: given.json,
  };
}
