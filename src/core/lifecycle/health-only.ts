import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { HubError } from '../errors/index.js';

const STAYS_OPEN = /^\/(health\/|metrics$)/;

/** A worker is asked how it is and nothing else: business calls go to the processes that answer HTTP. Call it after configureApp. */
export function answerHealthOnly(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (STAYS_OPEN.test(request.routeOptions.url ?? '')) return done();
    done(new HubError('ROUTE_NOT_FOUND', { detail: 'This process is a worker; it answers health and metrics only.' }));
  });
}
