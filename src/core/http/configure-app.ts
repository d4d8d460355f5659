import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Logger } from 'nestjs-pino';
import { addAuditHooks } from '../audit/audit-hooks.js';
import { Audit } from '../audit/audit.js';
import { BeginAudited } from '../audit/begin-audited.js';
import { Callers } from '../governance/callers.js';
import { Draining } from '../observability/draining.js';
import { RequestMetrics } from '../observability/request-metrics.js';
import { addTraceHooks } from '../observability/tracing/trace-requests.js';
import { Tracing } from '../observability/tracing/tracing.js';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { DtoPipe } from './dto.pipe.js';
import { addIdempotencyHooks } from './idempotency/idempotency-hooks.js';
import { IdempotencyGuard } from './idempotency/idempotency.guard.js';
import { KeptAnswers } from './idempotency/kept-answers.js';
import { KnownQueryGuard } from './known-query.guard.js';
import { ApiDescription } from './openapi/api-description.js';
import { ProblemFilter } from './problem.filter.js';
import { addRequestHooks } from './request-hooks.js';

/**
 * Makes an application behave as Crossdock over HTTP. main.ts and the tests call the same function, before `init` or `listen`:
 * `const app = await NestFactory.create<NestFastifyApplication>(AppModule, httpAdapter(), { bufferLogs: true }); configureApp(app);`
 */
export function configureApp(app: NestFastifyApplication): void {
  app.useLogger(app.get(Logger));
  const draining = app.get(Draining);
  const callers = app.get(Callers);
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  addRequestHooks(fastify, {
    isDraining: () => draining.active,
    drain: () => draining.begin(),
    operationsOnly: app.get<Settings>(SETTINGS).role === 'worker',
    identify: (authorization) => callers.identify(authorization),
  });
  addIdempotencyHooks(fastify, app.get(KeptAnswers));
  addAuditHooks(fastify, app.get(Audit, { strict: false }));
  app.get(RequestMetrics).observe(fastify);
  if (app.get(Tracing).wanted) addTraceHooks(fastify, app.get(Tracing));
  app.get(ApiDescription).describes(app);
  // Guards given here come after those of modules: the caller is known by then.
  app.useGlobalGuards(new KnownQueryGuard(), app.get(IdempotencyGuard));
  app.useGlobalInterceptors(new BeginAudited(app.get(Audit, { strict: false })));
  app.useGlobalPipes(new DtoPipe());
  app.useGlobalFilters(new ProblemFilter());
}
