interface Step {
  readonly name: string;
  readonly stop: () => Promise<void> | void;
  readonly force: (() => void) | undefined;
}

/** Thrown out of a start that was told to stop half way. */
export class StoppedWhileStarting extends Error {}

/**
 * What has been started, so that it can be stopped in the opposite order: HTTP first, Postgres last. A stop during the
 * start waits for the step in hand and then undoes what there is.
 */
export class StopOrder {
  private readonly steps: Step[] = [];
  private readonly told = new AbortController();
  private inHand: Promise<unknown> = Promise.resolve();
  private stopped: Promise<string[]> | undefined;

  /** Aborted as soon as a stop is asked for: steps that only wait for something give up on it. */
  get signal(): AbortSignal {
    return this.told.signal;
  }

  /**
   * Starts one thing and remembers how to stop it. `force` must be instant: it is called when nobody waits any longer.
   * @throws StoppedWhileStarting when a stop was asked for before the thing could be used.
   */
  async start<T>(name: string, begin: () => Promise<T> | T, stop: (thing: T) => Promise<void> | void = () => undefined, force?: (thing: T) => void): Promise<T> {
    if (this.told.signal.aborted) throw new StoppedWhileStarting(name);
    const work = (async () => {
      const thing = await begin();
      this.steps.push({ name, stop: () => stop(thing), force: force && ((): void => force(thing)) });
      return thing;
    })();
    this.inHand = work.catch(() => undefined);
    const thing = await work;
    if (this.told.signal.aborted) throw new StoppedWhileStarting(name);
    return thing;
  }

  /** Resolves with what went wrong, in words; empty when everything stopped cleanly. Repeating it gives the same answer. */
  stop(): Promise<string[]> {
    this.told.abort();
    this.stopped ??= this.unwind();
    return this.stopped;
  }

  /** Stops at once whatever would outlive this process. */
  force(): void {
    for (const step of this.steps.toReversed()) step.force?.();
  }

  private async unwind(): Promise<string[]> {
    const faults: string[] = [];
    await this.inHand;
    for (const step of this.steps.toReversed()) {
      try {
        await step.stop();
      } catch (error) {
        faults.push(`${step.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return faults;
  }
}
