import { monitorEventLoopDelay } from 'node:perf_hooks';

const WINDOW_MS = 5_000;

/** How late the event loop is, over the last five to ten seconds: the same whoever asks, and however often. */
export class EventLoopLag {
  private readonly delay = monitorEventLoopDelay({ resolution: 20 });
  private readonly turn: NodeJS.Timeout;
  private before = 0;

  constructor() {
    this.delay.enable();
    this.turn = setInterval(() => {
      this.before = this.delay.percentile(99);
      this.delay.reset();
    }, WINDOW_MS).unref();
  }

  stop(): void {
    clearInterval(this.turn);
    this.delay.disable();
  }

  /** The 99th percentile in milliseconds: one long pause alone does not reach it. */
  get ms(): number {
    return Math.round(Math.max(this.before, this.delay.percentile(99)) / 1e6);
  }
}
