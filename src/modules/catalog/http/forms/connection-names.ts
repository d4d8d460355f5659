import { Injectable } from '@nestjs/common';
import { ConnectionDirectory } from '../../../../core/connector/connection-directory.js';
import { HubError } from '../../../../core/errors/index.js';
import type { ConnectionName } from '../../directory/connection-name.js';

/** Finds the connections that a body names. */
@Injectable()
export class ConnectionNames {
  constructor(private readonly connections: ConnectionDirectory) {}

  /**
   * @param pointer where in the body the id stands.
   * @throws HubError VALIDATION_FAILED when there is no such connection, or, where it is to publish, its plugin cannot;
   *   PLUGIN_UNAVAILABLE when its plugin cannot be used at present.
   */
  async named(id: string | null, pointer: string, publishes = false): Promise<ConnectionName | null> {
    if (id === null) return null;
    const connection = await this.connections.byId(id);
    if (!connection) throw refused(pointer, `There is no connection '${id}'.`, 'CONNECTION_NOT_FOUND');
    if (publishes && !connection.manifest.capabilities.inventorySink) throw refused(pointer, `The connection '${id}' is of the plugin '${connection.plugin}', which does not publish availability.`);
    return { id: connection.id, sourceId: connection.sourceId };
  }
}

function refused(pointer: string, detail: string, code?: 'CONNECTION_NOT_FOUND'): HubError {
  return new HubError('VALIDATION_FAILED', { detail, errors: [{ pointer, detail, code }] });
}
