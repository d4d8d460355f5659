import type { ConnectionDirectory } from '../../connector/connection-directory.js';
import { HubError } from '../../errors/index.js';

/** Connections as admins call them, for what is stored by source number. */
export class ConnectionNames {
  constructor(private readonly connections: ConnectionDirectory) {}

  /** @throws HubError CONNECTION_NOT_FOUND, so that a mistyped filter is not taken for an empty list. */
  async sourceOf(id: string | undefined): Promise<number | undefined> {
    if (id === undefined) return undefined;
    const connection = await this.connections.byId(id);
    if (!connection) throw new HubError('CONNECTION_NOT_FOUND', { detail: `There is no connection '${id}'.` });
    return connection.sourceId;
  }

  /** Null where the connection is gone or cannot be used at present. */
  async nameOf(sourceId: number): Promise<string | null> {
    try {
      return (await this.connections.bySource(sourceId))?.id ?? null;
    } catch (error) {
      if (error instanceof HubError && error.code === 'PLUGIN_UNAVAILABLE') return null;
      throw error;
    }
  }
}
