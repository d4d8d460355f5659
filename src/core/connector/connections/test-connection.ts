import { Injectable } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { ConnectionDirectory } from '../connection-directory.js';
import { PluginHost } from '../plugin-host.js';
import type { ConnectionTestAnswer } from './connection-answer.dto.js';

/** Asks a connection's plugin whether it reaches its system, and says plainly what came of it. */
@Injectable()
export class TestConnection {
  constructor(
    private readonly directory: ConnectionDirectory,
    private readonly host: PluginHost,
  ) {}

  /** A failed test is an answer and no error. @throws HubError CONNECTION_NOT_FOUND */
  async run(id: string): Promise<ConnectionTestAnswer> {
    const startedAt = performance.now();
    const answer = (found: Omit<ConnectionTestAnswer, 'durationMs'>): ConnectionTestAnswer => ({ ...found, durationMs: Math.round(performance.now() - startedAt) });
    try {
      await this.directory.refresh();
      const connection = await this.directory.byId(id);
      if (!connection) throw new HubError('CONNECTION_NOT_FOUND', { detail: `There is no connection '${id.slice(0, 100)}'.` });
      const { detail } = await this.host.checkHealth(connection);
      return answer({ ok: true, detail, code: null, kind: null });
    } catch (error) {
      if (!(error instanceof HubError) || error.code === 'CONNECTION_NOT_FOUND') throw error;
      const kind = typeof error.details.facts?.kind === 'string' ? error.details.facts.kind : null;
      return answer({ ok: false, detail: error.message, code: error.code, kind });
    }
  }
}
