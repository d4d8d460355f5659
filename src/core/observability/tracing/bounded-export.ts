import { setTimeout as pause } from 'node:timers/promises';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';

export type CountSpans = (outcome: 'exported' | 'failed' | 'dropped', count: number) => void;

export interface ExportBounds {
  /** What comes while so many wait is dropped: a few megabytes, however long a collector is away. */
  readonly mostWaiting: number;
  readonly batch: number;
  readonly everyMs: number;
  /** How long a hub that stops waits for what is still to be sent. */
  readonly stopMs: number;
}

const BOUNDS: ExportBounds = { mostWaiting: 4_096, batch: 512, everyMs: 1_000, stopMs: 2_000 };

/**
 * Sends spans in the background, a batch at a time, and counts what became of them. The kit's own processor does the
 * same, but tells nobody how many it dropped.
 */
export class BoundedExport implements SpanProcessor {
  private waiting: ReadableSpan[] = [];
  private sending: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly count: CountSpans,
    private readonly bounds: ExportBounds = BOUNDS,
  ) {}

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.stopped || this.waiting.length >= this.bounds.mostWaiting) return this.count('dropped', 1);
    this.waiting.push(span);
    if (this.waiting.length >= this.bounds.batch) void this.forceFlush();
    else this.timer ??= setTimeout(() => void this.forceFlush(), this.bounds.everyMs).unref();
  }

  /** Never rejects. */
  forceFlush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    return (this.sending ??= this.send().finally(() => (this.sending = undefined)));
  }

  async shutdown(): Promise<void> {
    this.stopped = true;
    const late = new AbortController();
    await Promise.race([this.forceFlush(), pause(this.bounds.stopMs, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
    if (this.waiting.length > 0) this.count('dropped', this.waiting.length);
    this.waiting = [];
    this.exporter.shutdown().catch(() => undefined);
  }

  private async send(): Promise<void> {
    while (this.waiting.length > 0) {
      const part = this.waiting.splice(0, this.bounds.batch);
      const sent = await new Promise<boolean>((resolve) => this.exporter.export(part, ({ code }) => resolve(code === 0)));
      this.count(sent ? 'exported' : 'failed', part.length);
    }
  }
}
