import { AsyncLocalStorage } from 'node:async_hooks';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { SETTINGS, type Settings } from '../../settings/settings.js';
import { Metrics } from '../metrics.js';
import type { Attributes, OpenSpan, SpanWish, Tracer } from './span.js';
import type { SpanPlace } from './trace-ids.js';

/** Work that is done for many at once. */
export interface BatchWish extends Omit<SpanWish, 'correlationId' | 'parent' | 'links'> {
  /** What the batch is to each of those that have a part in it. */
  readonly part: string;
  /** The correlation ids of those; they may repeat. */
  readonly of: Iterable<string>;
}

/** A span cannot point at more; whatever has a part in the batch points at it. */
const MOST_LINKS = 100;

const around = new AsyncLocalStorage<SpanPlace>();

/** Traces by OpenTelemetry. Switched off, which is the default, it loads nothing, and each call costs a comparison. */
@Injectable()
export class Tracing implements OnModuleInit, OnApplicationShutdown {
  private readonly spans;
  private tracer: Tracer | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    metrics: Metrics,
  ) {
    this.spans = metrics.counter({ name: 'crossdock_trace_spans_total', help: 'Spans by what became of them: exported, failed (the collector did not take them), dropped (too many waited, or the hub was stopping).', labels: ['outcome'] });
  }

  async onModuleInit(): Promise<void> {
    const { tracing } = this.settings;
    if (!tracing) return;
    const { otlpTracer } = await import('./otlp.js');
    this.tracer = otlpTracer(tracing, (outcome, count) => this.spans.inc({ outcome }, count));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.tracer?.stop();
  }

  /** Known before the application starts. */
  get wanted(): boolean {
    return this.settings.tracing !== undefined;
  }

  /** Undefined where tracing is off. Whoever starts a span ends it. */
  start(wish: SpanWish): OpenSpan | undefined {
    return this.tracer?.start(wish, around.getStore());
  }

  /** Runs `work` below a span: what is begun there belongs to it. */
  below<T>(span: OpenSpan, work: () => T): T {
    return around.run(span.place, work);
  }

  /** One piece of work as one span, which fails as the work does. */
  async span<T>(wish: () => SpanWish, work: (span: OpenSpan | undefined) => Promise<T>): Promise<T> {
    if (!this.tracer) return work(undefined);
    const span = this.tracer.start(wish(), around.getStore());
    return ended([span], () => this.below(span, () => work(span)));
  }

  /**
   * Work for many at once: one span of the batch, in a trace of its own, and one in the trace of each correlation id that
   * has a part in it; they point at each other. Who follows one id sees its part, and from there what the batch did.
   * `came`: what it came to, of the batch as a whole.
   */
  async batch<T>(wish: () => BatchWish, work: () => Promise<T>, came?: (value: T) => Attributes): Promise<T> {
    const { tracer } = this;
    if (!tracer) return work();
    const { part, of, ...whole } = wish();
    const ids = [...new Set(of)];
    const span = tracer.start({ ...whole, attributes: { ...whole.attributes, 'crossdock.parts': ids.length } }, undefined);
    const parts = ids.map((correlationId) => tracer.start({ ...whole, name: part, correlationId, links: [span.place] }, undefined));
    for (const one of parts.slice(0, MOST_LINKS)) span.link(one.place);
    return ended([...parts, span], async () => {
      const value = await this.below(span, work);
      if (came) span.set(came(value));
      return value;
    });
  }
}

async function ended<T>(spans: readonly OpenSpan[], work: () => Promise<T>): Promise<T> {
  let failure: string | undefined;
  try {
    return await work();
  } catch (error) {
    failure = codeOf(error);
    throw error;
  } finally {
    for (const span of spans) span.end(failure);
  }
}

/** A message may hold what an outside system said. */
function codeOf(error: unknown): string {
  if (error instanceof HubError) return error.code;
  const kind = (error as { readonly kind?: unknown } | null)?.kind;
  return typeof kind === 'string' ? kind : 'INTERNAL';
}
