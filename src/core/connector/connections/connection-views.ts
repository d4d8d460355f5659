import type { Manifest } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import { Cursor } from '../../http/paging/cursor.js';
import { pageOf } from '../../http/paging/page.js';
import { ConnectionDirectory } from '../connection-directory.js';
import { PluginRegistry } from '../registry/plugin-registry.js';
import type { ConnectionAnswer, ConnectionPageAnswer, CredentialAnswer } from './connection-answer.dto.js';
import { ConnectionStore, type ConnectionRow, type CredentialRow } from './connection-store.js';

const CURSOR = new Cursor('connections', ['integer']);

/** Connections as the admin API shows them: which credentials are stored, never what they are. */
@Injectable()
export class ConnectionViews {
  constructor(
    private readonly store: ConnectionStore,
    private readonly registry: PluginRegistry,
    private readonly directory: ConnectionDirectory,
  ) {}

  /** In the order they were made. @throws HubError CURSOR_INVALID */
  async page(limit: number, cursor: string | undefined): Promise<ConnectionPageAnswer> {
    const [after] = CURSOR.read(cursor) ?? [0];
    const { items, next } = pageOf(await this.store.page(after, limit + 1), limit, (last) => CURSOR.write(last.sourceId));
    return { items: await this.answers(items), next };
  }

  async one(row: ConnectionRow): Promise<ConnectionAnswer> {
    const [answer] = await this.answers([row]);
    return answer as ConnectionAnswer;
  }

  private async answers(rows: readonly ConnectionRow[]): Promise<ConnectionAnswer[]> {
    const credentials = await this.store.credentials(undefined, rows.map((row) => row.sourceId));
    return Promise.all(rows.map((row) => this.answer(row, credentials.filter((credential) => credential.sourceId === row.sourceId))));
  }

  private async answer(row: ConnectionRow, credentials: readonly CredentialRow[]): Promise<ConnectionAnswer> {
    const manifest = (await this.registry.find(row.plugin))?.manifest;
    return {
      ...row,
      credentials: credentialAnswers(manifest, credentials),
      unusableBecause: (await this.directory.unusableReason(row.sourceId)) ?? null,
      webhookPath: manifest?.webhooks ? `/webhooks/${row.id}` : null,
    };
  }
}

function credentialAnswers(manifest: Manifest | undefined, stored: readonly CredentialRow[]): CredentialAnswer[] {
  const fields = manifest?.credentials ?? [...new Set(stored.map((row) => row.field))].map((name) => ({ name, title: name, required: false }));
  return fields.map(({ name, title, required }) => {
    const rows = stored.filter((row) => row.field === name);
    const current = rows.find((row) => row.validUntil === null);
    return { name, title, required, set: current !== undefined, storedAt: current?.storedAt ?? null, previousInForce: rows.filter((row) => row.validUntil !== null).length };
  });
}
