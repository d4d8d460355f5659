import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { Histogram } from 'prom-client';
import { Metrics } from './metrics.js';

/** How long each route takes to answer, by the route's pattern (never the path, which callers choose). */
@Injectable()
export class RequestMetrics {
  private readonly durations: Histogram<'method' | 'route' | 'status'>;
  private readonly children = new Map<string, { observe(seconds: number): void }>();

  constructor(metrics: Metrics) {
    this.durations = metrics.histogram({ name: 'crossdock_http_request_duration_seconds', help: 'Time from the first byte of a request to its answer.', labels: ['method', 'route', 'status'] });
  }

  observe(fastify: FastifyInstance): void {
    fastify.addHook('onResponse', (request, reply, done) => {
      // Resolving labels to a series costs more than the observation, so each series is resolved once.
      const route = request.routeOptions.url ?? 'none';
      const series = `${request.method} ${reply.statusCode} ${route}`;
      let child = this.children.get(series);
      if (!child) {
        child = this.durations.labels({ method: request.method, route, status: String(reply.statusCode) });
        this.children.set(series, child);
      }
      child.observe(reply.elapsedTime / 1_000);
      done();
    });
  }
}
