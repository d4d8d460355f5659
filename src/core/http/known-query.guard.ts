import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { HubError } from '../errors/index.js';

const STRICT = /^\/(api|admin)\/v1\//;

function readsQuery(controller: object, handler: string): boolean {
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler) ?? {}) as Record<string, unknown>;
  return Object.keys(parameters).some((key) => key.startsWith(`${RouteParamtypes.QUERY}:`));
}

/** What to say of a query parameter that an operation does not take: the answer to a mistyped filter is what there is. */
export function unknownParameter(known: readonly string[]): string {
  return known.length > 0 ? `is not known here; this operation takes ${known.join(', ')}` : 'is not known here; this operation takes no query parameters';
}

/**
 * Refuses query parameters where an operation reads none: a filter that is not applied would be taken for one that is.
 * Operations that read a query check it themselves. Stands behind the guard of access, like every check of content.
 */
@Injectable()
export class KnownQueryGuard implements CanActivate {
  private readonly reads = new WeakMap<object, boolean>();

  canActivate(context: ExecutionContext): true {
    const { url, query } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!url.includes('?') || !STRICT.test(url)) return true;
    const handler = context.getHandler();
    const reads = this.reads.get(handler) ?? readsQuery(context.getClass(), handler.name);
    this.reads.set(handler, reads);
    const names = reads ? [] : Object.keys(query as object);
    if (names.length === 0) return true;
    throw new HubError('VALIDATION_FAILED', { errors: names.slice(0, 50).map((name) => ({ pointer: `?${name}`, detail: unknownParameter([]) })) });
  }
}
