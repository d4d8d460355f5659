import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { callerOf } from '../access.js';
import { Grants } from './grants.js';

/**
 * What a route means for a client that is limited to some objects.
 * - `granted`: it names or lists objects, and asks the caller's grants for each.
 * - `shared`: it answers what is no one's in particular, by scope alone.
 * A route that says nothing is closed to limited clients: it changes what all share, or nobody has thought about it.
 */
export type LimitedRule = 'granted' | 'shared';

export const LIMITED_RULE = 'crossdock:limited-clients';

/** Opens a route to limited clients. Which routes are, and by which objects, is pinned by test/support/access/objects.ts. */
export const LimitedClients = (rule: LimitedRule): MethodDecorator & ClassDecorator => SetMetadata(LIMITED_RULE, rule);

/** What the caller may touch: a parameter of type `Grants`. A user may see everything, and writes nothing where clients do. */
export const CurrentGrants = createParamDecorator((_data: unknown, context: ExecutionContext): Grants => {
  const caller = callerOf(context);
  return caller.kind === 'client' ? caller.grants : Grants.ALL;
});
