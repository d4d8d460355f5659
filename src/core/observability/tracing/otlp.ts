import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags, type Context, type SpanContext } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BasicTracerProvider, RandomIdGenerator, type IdGenerator } from '@opentelemetry/sdk-trace-base';
import packageJson from '../../../../package.json' with { type: 'json' };
import type { TracingSettings } from '../../settings/tracing-settings.js';
import { BoundedExport, type CountSpans } from './bounded-export.js';
import type { SpanWish, Tracer } from './span.js';
import { traceIdOf, type SpanPlace } from './trace-ids.js';

const KINDS = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER } as const;
const EXPORT_MS = 5_000;

/** Random ids, but for a trace id that was given just before: a span without a parent can be put into a trace no other way. */
class GivenTraceIds implements IdGenerator {
  given: string | undefined;
  private readonly random = new RandomIdGenerator();

  generateTraceId(): string {
    const id = this.given ?? this.random.generateTraceId();
    this.given = undefined;
    return id;
  }

  generateSpanId(): string {
    return this.random.generateSpanId();
  }
}

/** Loaded when tracing is switched on, and only then: it is the only file that knows OpenTelemetry. */
export function otlpTracer({ endpoint, headers, serviceName }: TracingSettings, count: CountSpans): Tracer {
  const ids = new GivenTraceIds();
  const processor = new BoundedExport(new OTLPTraceExporter({ url: endpoint, headers: { ...headers }, timeoutMillis: EXPORT_MS }), count);
  const provider = new BasicTracerProvider({
    idGenerator: ids, sampler: new AlwaysOnSampler(), spanProcessors: [processor],
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': packageJson.version }),
  });
  const tracer = provider.getTracer('crossdock', packageJson.version);

  const start = (wish: SpanWish, around: SpanPlace | undefined): ReturnType<Tracer['start']> => {
    const { name, kind, correlationId, links = [], attributes, startedAt } = wish;
    const parent = wish.parent ?? (correlationId === undefined ? around : undefined);
    ids.given = correlationId === undefined ? undefined : traceIdOf(correlationId);
    const known = correlationId === undefined ? {} : { 'crossdock.correlation_id': correlationId };
    const span = tracer.startSpan(name, {
      kind: KINDS[kind], attributes: { ...attributes, ...known }, links: links.map((place) => ({ context: contextOf(place) })),
      ...(startedAt === undefined ? {} : { startTime: startedAt }),
    }, parent ? below(parent) : ROOT_CONTEXT);
    ids.given = undefined;
    return {
      place: span.spanContext(),
      set: (more) => void span.setAttributes({ ...more }),
      link: (place) => void span.addLink({ context: contextOf(place) }),
      end: (failure) => {
        if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure }).setAttribute('error.type', failure);
        span.end();
      },
    };
  };
  return { start, stop: () => provider.shutdown() };
}

function contextOf({ traceId, spanId }: SpanPlace): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

function below(place: SpanPlace): Context {
  return trace.setSpanContext(ROOT_CONTEXT, contextOf(place));
}
