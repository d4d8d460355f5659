import type { Queue } from 'bullmq';
import { SingleFlight } from './single-flight.js';

/** Brings rings of a process that does not work itself to one that does. */
export class RingRelay {
  private readonly lines = new Map<string, SingleFlight>();
  private readonly owed = new Set<string>();
  private closed = false;

  constructor(
    private readonly queue: Queue,
    private readonly onLost: (topic: string, error: unknown) => void,
  ) {}

  /** Many rings in one moment become one job; the job that waits already stands for all of them. Never throws. */
  ring(topic: string): void {
    if (!this.closed) this.line(topic).ring();
  }

  /**
   * Asks the queue whether it works by what is owed to it: rings that it did not take are told again.
   * @throws Error of the queue; what it did not take is still owed.
   */
  async look(): Promise<void> {
    if (this.owed.size === 0) await this.queue.getJobSchedulersCount();
    for (const topic of [...this.owed]) {
      await this.add(topic);
      this.owed.delete(topic);
    }
  }

  /** Tells the rings still under way, as far as the queue takes them within `ms`. */
  async close(ms: number): Promise<void> {
    this.closed = true;
    const late = new Promise((resolve) => setTimeout(resolve, ms).unref());
    await Promise.race([Promise.all([...this.lines.values()].map((line) => line.idle())), late]);
  }

  private line(topic: string): SingleFlight {
    const known = this.lines.get(topic);
    if (known) return known;
    const line = new SingleFlight(() => this.add(topic), (error) => {
      this.owed.add(topic);
      this.onLost(topic, error);
    });
    this.lines.set(topic, line);
    return line;
  }

  private async add(topic: string): Promise<void> {
    await this.queue.add(topic, {}, { deduplication: { id: topic, keepLastIfActive: true }, removeOnComplete: true, removeOnFail: true });
  }
}
