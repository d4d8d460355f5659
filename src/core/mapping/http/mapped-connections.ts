import { Injectable } from '@nestjs/common';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import { HubError } from '../../errors/index.js';

/** Finds the connection that an address names. */
@Injectable()
export class MappedConnections {
  constructor(private readonly connections: ConnectionDirectory) {}

  /** Its number as a source of facts. @throws HubError CONNECTION_NOT_FOUND, or PLUGIN_UNAVAILABLE when its plugin cannot be used. */
  async sourceOf(id: string): Promise<number> {
    const connection = await this.connections.byId(id);
    if (!connection) throw new HubError('CONNECTION_NOT_FOUND', { detail: `There is no connection '${id}'.` });
    return connection.sourceId;
  }
}
