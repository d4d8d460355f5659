import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HubError } from '../errors/index.js';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { ACCESS_RULE, isAtLeast, type AccessRule, type AuthenticatedRequest, type Caller } from './access.js';
import { Callers } from './callers.js';
import { LIMITED_RULE, type LimitedRule } from './grants/limited-clients.js';
import { CallMeter, type HeaderSink } from './client/limits/call-meter.js';

interface RouteRules {
  readonly rule: AccessRule | undefined;
  readonly limited: LimitedRule | undefined;
}

type GuardedRequest = FastifyRequest & AuthenticatedRequest;

function refused(detail: string, facts?: Readonly<Record<string, unknown>>): HubError {
  return new HubError('FORBIDDEN', { detail, facts });
}

/** @throws HubError FORBIDDEN where the caller, who is known, may not call the route. */
export function authorise(rule: AccessRule | undefined, caller: Caller, method: string): void {
  if (rule?.kind === 'role') {
    if (caller.kind !== 'user') throw refused('Only a user may call this, by a session.');
    if (!isAtLeast(caller.role, rule.least)) throw refused(`This takes the role ${rule.least}; yours is ${caller.role}.`, { role: rule.least });
  } else if (rule?.kind === 'scope') {
    if (caller.kind === 'user') {
      if (method !== 'GET' && method !== 'HEAD') throw refused('A user may read here; writing takes an API client.');
      return;
    }
    const missing = rule.scopes.filter((scope) => !caller.scopes.includes(scope));
    if (missing.length > 0) throw refused(`The client lacks the scope ${missing.join(', ')}.`, { scopes: missing });
  } else {
    throw refused('This route says nobody may call it.');
  }
}

/** @throws HubError NOT_GRANTED where the caller is limited to some objects, and the route does not ask for them. */
export function authoriseLimited(rule: LimitedRule | undefined, caller: Caller): void {
  if (rule !== undefined || caller.kind !== 'client' || !caller.grants.limited) return;
  throw new HubError('NOT_GRANTED', { detail: 'This takes a client that is not limited to some channels and locations: it concerns what all share.' });
}

/** The one guard in front of every route: whoever is not let in by the route's own rule is refused. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly callers: Callers,
    private readonly meter: CallMeter,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_RULE, [context.getHandler(), context.getClass()]);
    if (rule?.kind === 'public' || (rule?.kind === 'scope' && rule.openWhere?.(this.settings))) return true;
    const limited = this.reflector.getAllAndOverride<LimitedRule | undefined>(LIMITED_RULE, [context.getHandler(), context.getClass()]);
    const http = context.switchToHttp();
    const request = http.getRequest<GuardedRequest>();
    const answer = http.getResponse<FastifyReply>();
    const caller = this.callers.identify(request.headers.authorization);
    if (caller instanceof Promise) return caller.then((known) => this.admit({ rule, limited }, known, request, answer));
    return this.admit({ rule, limited }, caller, request, answer);
  }

  private admit({ rule, limited }: RouteRules, caller: Caller | undefined, request: GuardedRequest, answer: HeaderSink): true | Promise<true> {
    if (!caller) throw new HubError('UNAUTHENTICATED', { detail: 'Send a valid API key or session token as Authorization: Bearer.' });
    authorise(rule, caller, request.method);
    authoriseLimited(limited, caller);
    request.caller = caller;
    return caller.kind === 'client' ? this.meter.admit(caller, answer) : true;
  }
}
