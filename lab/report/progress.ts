/** One state of a long run, in words. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const REDRAW_EVERY_MS = 150;
const LINE_EVERY_MS = 5_000;

/** Tells how far a run is: one line that is redrawn where somebody watches, a plain line every few seconds elsewhere. */
export class Progress {
  private lastAt = 0;
  private drawn = false;

  constructor(
    private readonly output: ProgressOutput,
    private readonly now: () => number = Date.now,
  ) {}

  /** A line that stays: what begins now. */
  step(line: string): void {
    this.clear();
    this.output.write(`${line}\n`);
    this.lastAt = this.now();
  }

  /** Called often; writes only when it is time. */
  show(line: () => string): void {
    const tty = this.output.isTTY === true;
    if (this.now() - this.lastAt < (tty ? REDRAW_EVERY_MS : LINE_EVERY_MS)) return;
    this.lastAt = this.now();
    if (!tty) {
      this.output.write(`  ${line()}\n`);
      return;
    }
    this.output.write(`\r\u001b[K  ${line()}`.slice(0, (this.output.columns ?? 100) + 3));
    this.drawn = true;
  }

  /** Takes the redrawn line away. */
  clear(): void {
    if (this.drawn) this.output.write('\r\u001b[K');
    this.drawn = false;
  }
}
