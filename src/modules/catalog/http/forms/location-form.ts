import type { Location } from '../../locations/location.js';
import type { ConnectionNames } from './connection-names.js';
import { Faults, type Read } from './form.js';
import type { BodyOf, LocationAnswer } from '../schemas.js';

/** What the schema cannot check. @throws HubError as ConnectionNames does. */
export async function locationOf(id: string, body: BodyOf<LocationAnswer>, connections: ConnectionNames): Promise<Read<Location>> {
  const faults = new Faults();
  const owner = await connections.named(body.owner, '/owner');
  return faults.of({ id: faults.id(id, body.id), name: faults.name(body.name), type: body.type, owner });
}
