import type { Grants, NamedObject } from '../../../../core/governance/grants/grants.js';
import { CHANNELS, LOCATIONS } from '../../../catalog/index.js';
import type { MovementBody, ObservationBody } from '../stock.schemas.js';

/** @throws HubError NOT_GRANTED */
export function requireChannel(grants: Grants, id: string, pointer: string): void {
  grants.require([{ kind: CHANNELS, id, pointer }]);
}

/** @throws HubError NOT_GRANTED */
export function requireLocation(grants: Grants, id: string, pointer: string): void {
  grants.require([{ kind: LOCATIONS, id, pointer }]);
}

/** The locations that a list is narrowed to: those asked for, else those granted; undefined for all. @throws HubError NOT_GRANTED */
export function locationsToRead(grants: Grants, asked: readonly string[] | undefined): readonly string[] | undefined {
  grants.require((asked ?? []).map((id) => ({ kind: LOCATIONS, id, pointer: '?location' })));
  return asked ?? grants.idsOf(LOCATIONS);
}

/** What leaves one location and arrives at another concerns both. */
export function* locationsOfMovements(movements: readonly MovementBody[]): Generator<NamedObject> {
  for (const [index, { location, to }] of movements.entries()) {
    yield { kind: LOCATIONS, id: location, pointer: `/movements/${index}/location` };
    if (to !== undefined) yield { kind: LOCATIONS, id: to, pointer: `/movements/${index}/to` };
  }
}

export function* locationsOfObservations(observations: readonly ObservationBody[]): Generator<NamedObject> {
  for (const [index, { location }] of observations.entries()) yield { kind: LOCATIONS, id: location, pointer: `/observations/${index}/location` };
}
