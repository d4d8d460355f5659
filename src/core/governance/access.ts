import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { invariant } from '../errors/index.js';
import type { Settings } from '../settings/settings.js';
import type { Grants } from './grants/grants.js';

/** What an API client may be allowed to do. */
export const SCOPES = ['catalog:read', 'catalog:write', 'stock:read', 'stock:write', 'reservations:write', 'metrics:read'] as const;
export type Scope = (typeof SCOPES)[number];

export const SCOPE_MEANINGS: Readonly<Record<Scope, string>> = {
  'catalog:read': 'Read items, locations and channels',
  'catalog:write': 'Make and change items, locations and channels',
  'stock:read': 'Read levels, the ledger, availability and publications',
  'stock:write': 'Record movements and counts, and set selling rules',
  'reservations:write': 'Hold, consume and release stock, and read the own reservations',
  'metrics:read': 'Read the metrics where they are closed (CROSSDOCK_METRICS)',
};

/**
 * What people may be, each with everything that the ones before it may do: a viewer reads; an operator keeps the flow
 * running (retries, discards, switches connections off and on); an integrator sets up connections, credentials,
 * mappings and API clients; an admin manages the people, too. docs/access.md says it route by route.
 */
export const USER_ROLES = ['viewer', 'operator', 'integrator', 'admin'] as const;
export type UserRole = (typeof USER_ROLES)[number];

/** Whether `role` may do what `least` may. */
export function isAtLeast(role: UserRole, least: UserRole): boolean {
  return USER_ROLES.indexOf(role) >= USER_ROLES.indexOf(least);
}

/** How much a client may call; null where nothing is set. `burst` calls at once, and again as many as `ratePerSecond` fills up; quotas by UTC day and month. */
export interface CallLimits {
  readonly ratePerSecond: number | null;
  readonly burst: number | null;
  readonly perDay: number | null;
  readonly perMonth: number | null;
}

export interface ClientCaller {
  readonly kind: 'client';
  /** The client's number among all sources of facts. */
  readonly sourceId: number;
  readonly clientId: string;
  /** The key that was shown, or that the access token was issued for. */
  readonly keyId: string;
  readonly scopes: readonly Scope[];
  /** Undefined for a client without limits. */
  readonly limits: CallLimits | undefined;
  /** Which of the retailer's objects it may read and touch. */
  readonly grants: Grants;
}

/** A person with a session: as the database knew the account when the request came in, not when the session began. */
export interface UserCaller {
  readonly kind: 'user';
  readonly userId: string;
  readonly email: string;
  readonly role: UserRole;
  readonly sessionId: string;
}

/** Who is calling, as the guard proved it. */
export type Caller = ClientCaller | UserCaller;

/** What a route asks of its caller. A route that says nothing is refused for everybody. */
export type AccessRule =
  | { readonly kind: 'public' }
  | { readonly kind: 'scope'; readonly scopes: readonly Scope[]; /** By these settings the route answers anybody. */ readonly openWhere?: (settings: Settings) => boolean }
  | { readonly kind: 'role'; readonly least: UserRole };

export const ACCESS_RULE = 'crossdock:access-rule';

/** Answers anybody. The complete list of such routes is pinned by test/integration/routes.spec.ts. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(ACCESS_RULE, { kind: 'public' } satisfies AccessRule);

/** Answers API clients that hold every scope named; a user of any role may call it too where it only reads (GET). */
export const RequireScope = (...scopes: [Scope, ...Scope[]]): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS_RULE, { kind: 'scope', scopes } satisfies AccessRule);

/** As RequireScope, except where the hub's settings open the route to anybody. */
export const RequireScopeUnless = (openWhere: (settings: Settings) => boolean, ...scopes: [Scope, ...Scope[]]): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS_RULE, { kind: 'scope', scopes, openWhere } satisfies AccessRule);

/** Answers users whose role is `least` or one after it, by their session. On a class it holds for every route that has no rule of its own. */
export const RequireRole = (least: UserRole): MethodDecorator & ClassDecorator => SetMetadata(ACCESS_RULE, { kind: 'role', least } satisfies AccessRule);

/** A request that has passed the guard. */
export interface AuthenticatedRequest {
  caller?: Caller;
}

/** Whom the guard let through. Not for public routes, which have nobody. */
export function callerOf(context: ExecutionContext): Caller {
  const { caller } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  invariant(caller, 'a public route asks who is calling');
  return caller;
}

/** The caller that the guard let through: a parameter of type `Caller`. Not for public routes, which have none. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => callerOf(context));

/** The same where the route's rule is a role, so that nobody but a user comes this far: a parameter of type `UserCaller`. */
export const CurrentUser = createParamDecorator((_data: unknown, context: ExecutionContext): UserCaller => {
  const caller = callerOf(context);
  invariant(caller.kind === 'user', 'a route that answers clients asks which user is calling');
  return caller;
});
