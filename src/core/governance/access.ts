import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { invariant } from '../errors/index.js';

/** What an API client may be allowed to do. */
export const SCOPES = ['catalog:read', 'catalog:write', 'stock:read', 'stock:write', 'reservations:write'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who is calling, as the guard proved it. `sourceId` is the client's number among all sources of facts. */
export type Caller =
  | { readonly kind: 'client'; readonly sourceId: number; readonly clientId: string; readonly scopes: readonly Scope[] }
  | { readonly kind: 'admin'; readonly userId: string; readonly email: string };

/** What a route asks of its caller. A route that says nothing is refused for everybody. */
export type AccessRule =
  | { readonly kind: 'public' }
  | { readonly kind: 'scope'; readonly scopes: readonly Scope[] }
  | { readonly kind: 'admin' };

export const ACCESS_RULE = 'crossdock:access-rule';

/** Answers anybody. The complete list of such routes is pinned by test/integration/access.spec.ts. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(ACCESS_RULE, { kind: 'public' } satisfies AccessRule);

/** Answers API clients that hold every scope named; an admin session may call it too where it only reads (GET). */
export const RequireScope = (...scopes: [Scope, ...Scope[]]): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS_RULE, { kind: 'scope', scopes } satisfies AccessRule);

/** Answers admin sessions only. */
export const RequireAdmin = (): MethodDecorator & ClassDecorator => SetMetadata(ACCESS_RULE, { kind: 'admin' } satisfies AccessRule);

/** A request that has passed the guard. */
export interface AuthenticatedRequest {
  caller?: Caller;
}

/** The caller that the guard let through: a parameter of type `Caller`. Not for public routes, which have none. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  invariant(caller, 'a public route asks who is calling');
  return caller;
});
