import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { from, switchMap, type Observable } from 'rxjs';
import type { AuthenticatedRequest } from '../governance/access.js';
import { intentOf, isRecorded } from './audit-record.js';
import type { Audit } from './audit.js';

const begun = new WeakMap<FastifyRequest, number>();

/** The note that was made of a request when it began, if any. */
export function begunOf(request: FastifyRequest): number | undefined {
  return begun.get(request);
}

/**
 * Notes each write of the admin side once the guards have let it through and before anything is done, in a transaction of its
 * own. Where that cannot be done nothing is done at all. Thus no write is without a trace, wherever the process is killed.
 */
export class BeginAudited implements NestInterceptor {
  constructor(private readonly audit: Audit) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest & AuthenticatedRequest>();
    if (!isRecorded(request.method, request.routeOptions.url ?? '')) return next.handle();
    return from(this.audit.begin(intentOf(request))).pipe(switchMap((id) => {
      begun.set(request, id);
      return next.handle();
    }));
  }
}
