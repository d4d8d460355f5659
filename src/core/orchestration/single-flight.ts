import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Runs one piece of work at a time. A ring while it runs causes exactly one more run, however many rings there were:
 * the later run sees everything that was committed before any of them.
 */
export class SingleFlight {
  /** The work belongs to none of those who ring for it: it must see nothing that is bound to a request of theirs. */
  private readonly byItself = AsyncLocalStorage.snapshot();
  private running = false;
  private again = false;
  private run: Promise<void> = Promise.resolve();

  constructor(
    private readonly work: () => Promise<void>,
    private readonly onError: (error: unknown) => void,
  ) {}

  get busy(): boolean {
    return this.running;
  }

  ring(): void {
    if (this.running) this.again = true;
    else {
      this.running = true;
      this.run = this.byItself(() => this.cycle());
    }
  }

  /** Resolves when nothing runs; a ring that was waiting for its turn has had it. */
  async idle(): Promise<void> {
    while (this.running) await this.run;
  }

  private async cycle(): Promise<void> {
    do {
      this.again = false;
      try {
        await this.work();
      } catch (error) {
        this.onError(error);
      }
    } while (this.again);
    this.running = false;
  }
}
