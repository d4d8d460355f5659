import { Injectable } from '@nestjs/common';
import type { FastifyInstance, onResponseHookHandler } from 'fastify';
import type { Histogram } from 'prom-client';
import { Metrics } from './metrics.js';

/** How long each route takes to answer, by the route's pattern (never the path, which callers choose). */
@Injectable()
export class RequestMetrics {
  private readonly durations: Histogram<'method' | 'route' | 'status'>;

  constructor(metrics: Metrics) {
    this.durations = metrics.histogram({ name: 'crossdock_http_request_duration_seconds', help: 'Time from the first byte of a request to its answer.', labels: ['method', 'route', 'status'] });
  }

  /** Before routes are registered. */
  observe(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', (route) => {
      route.onResponse = [...[route.onResponse ?? []].flat(), this.observer(route.url)];
    });
    const unmatched = this.observer('none');
    fastify.addHook('onResponse', function (request, reply, done) {
      if (request.is404) unmatched.call(this, request, reply, done);
      else done();
    });
  }

  /** Resolving labels to a series costs more than the observation, so each route keeps the series that it has met. */
  private observer(route: string): onResponseHookHandler {
    const series = new Map<string, Map<number, { observe(seconds: number): void }>>();
    return ({ method }, { statusCode, elapsedTime }, done) => {
      const byStatus = series.get(method) ?? new Map<number, { observe(seconds: number): void }>();
      if (byStatus.size === 0) series.set(method, byStatus);
      let one = byStatus.get(statusCode);
      if (!one) {
        one = this.durations.labels({ method, route, status: String(statusCode) });
        byStatus.set(statusCode, one);
      }
      one.observe(elapsedTime / 1_000);
      done();
    };
  }
}
