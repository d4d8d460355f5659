/** What one check found. */
export interface Verdict {
  readonly name: string;
  readonly holds: boolean;
  /** How many things were compared. A check that compared nothing does not hold. */
  readonly compared: number;
  readonly wrong: number;
  /** The first few findings, in words. */
  readonly examples: readonly string[];
}

const MOST_EXAMPLES = 8;

/** Gathers the findings of one check. */
export class Findings {
  private compared = 0;
  private wrong = 0;
  private readonly examples: string[] = [];

  constructor(private readonly name: string) {}

  /** Counts one comparison and remembers `finding` when it failed. */
  expect(holds: boolean, finding: () => string): void {
    this.compared += 1;
    if (!holds) this.note(finding());
  }

  private note(finding: string): void {
    this.wrong += 1;
    if (this.examples.length < MOST_EXAMPLES) this.examples.push(finding);
  }

  verdict(): Verdict {
    if (this.compared === 0) this.note('there was nothing to check');
    return { name: this.name, holds: this.wrong === 0, compared: this.compared, wrong: this.wrong, examples: this.examples };
  }
}
