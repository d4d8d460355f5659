/** What a replay is played to: one hub, or several replicas behind a balancer. */
export interface Site {
  readonly url: string;
  readonly setupToken: string;
  /** False when something of it ended by itself. */
  readonly running: boolean;
  /** Where its data lies, and the process that a person would end. */
  readonly dataDir: string;
  readonly pid: number;
  logTail(): string;
  residentMb(): number | undefined;
  stop(options: { keep: boolean }): Promise<void>;
  /** Leaves it running when this process ends. */
  letGo(): void;
}

/** What is done to a site while a replay is played to it. */
export interface Disturbance {
  /** What was done, and when. */
  readonly log: readonly string[];
  /** True while something of the site is away on purpose. */
  readonly busy: boolean;
  /** @param done the share of the replay that is over, 0 to 1. Resolves after the last disturbance, or when stopped. */
  run(done: () => number): Promise<void>;
  stop(): void;
}
