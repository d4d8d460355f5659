import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { OpenSpan } from './span.js';
import { callersSpan, traceIdOf } from './trace-ids.js';
import type { Tracing } from './tracing.js';

const TRACED = /^\/(?:webhooks|api\/v1)\//;
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A span for each webhook and each write of the API: where a trace begins. Call it before routes are registered. */
export function addTraceHooks(fastify: FastifyInstance, tracing: Tracing): void {
  const open = new WeakMap<FastifyRequest, OpenSpan>();
  fastify.addHook('onRoute', (route) => {
    if (!TRACED.test(route.url) || [route.method].flat().every((method) => READS.has(method))) return;
    route.preValidation = [
      (request, reply, done) => {
        const span = startSpan(tracing, request, route.url, reply.elapsedTime);
        if (!span) return done();
        open.set(request, span);
        tracing.below(span, done);
      },
      ...[route.preValidation ?? []].flat(),
    ];
    route.onResponse = [
      ...[route.onResponse ?? []].flat(),
      (request, { statusCode }, done) => {
        const span = open.get(request);
        span?.set({ 'http.response.status_code': statusCode });
        span?.end(statusCode >= 500 ? String(statusCode) : undefined);
        done();
      },
    ];
  });
}

/** A caller's span is the parent where the trace is the caller's; where it named another correlation id it is pointed at. */
function startSpan(tracing: Tracing, { id, method, headers }: FastifyRequest, route: string, elapsedMs: number): OpenSpan | undefined {
  const caller = callersSpan(headers.traceparent);
  const origin = caller === undefined ? {} : caller.traceId === traceIdOf(id) ? { parent: caller } : { links: [caller] };
  return tracing.start({
    name: `${method} ${route}`, kind: 'server', correlationId: id, startedAt: Date.now() - elapsedMs, ...origin,
    attributes: { 'http.request.method': method, 'http.route': route },
  });
}
