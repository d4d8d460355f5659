import type { ChannelToSave } from '../../channels/decide-channels.js';
import type { ConnectionNames } from './connection-names.js';
import { Faults, type Read } from './form.js';
import type { BodyOf, ChannelAnswer } from '../schemas.js';

/** What the schema cannot check. @throws HubError as ConnectionNames does. */
export async function channelOf(id: string, body: BodyOf<ChannelAnswer>, connections: ConnectionNames): Promise<Read<ChannelToSave>> {
  const faults = new Faults();
  const connection = await connections.named(body.connection, '/connection', true);
  return faults.of({ id: faults.id(id, body.id), name: faults.name(body.name), locations: body.locations, connection });
}
