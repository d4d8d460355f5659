/** The middle of what was measured. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** Work done a second: `work` answers how many units it did. */
export async function rate(work: () => Promise<number>): Promise<number> {
  const started = performance.now();
  const units = await work();
  return units / ((performance.now() - started) / 1_000);
}

/** Runs `callers` loops at the same time until `untilMs` from now; answers how many units they did together. */
export async function crowd(callers: number, forMs: number, act: (caller: number) => Promise<number>): Promise<number> {
  const end = performance.now() + forMs;
  const done = await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      let units = 0;
      while (performance.now() < end) units += await act(caller);
      return units;
    }),
  );
  return done.reduce((sum, units) => sum + units, 0);
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function perSecond(value: number): string {
  return `${Math.round(value).toLocaleString('en')}/s`;
}

/** One line of the table: what, the ratio, what it should be. */
export function verdict(what: string, value: number, atLeast: number, digits = 2): void {
  say(`${value >= atLeast ? 'reached' : 'MISSED '}  ${what}: ${value.toFixed(digits)} (at least ${atLeast})`);
}

/** As `verdict`, for what should be small. */
export function verdictAtMost(what: string, value: number, atMost: number, digits = 2): void {
  say(`${value <= atMost ? 'reached' : 'MISSED '}  ${what}: ${value.toFixed(digits)} (at most ${atMost})`);
}

/** `--name value` of the command line as a number. */
export function option(name: string, byDefault: number): number {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? byDefault : Number(process.argv[index + 1]);
}
