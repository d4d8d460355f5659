import { Injectable } from '@nestjs/common';
import { HubError, invariant } from '../../errors/index.js';
import type { Queryable } from '../../persistence/database.js';
import { ConnectionDirectory } from '../connection-directory.js';
import type { Plugin } from '../registry/plugin.js';
import { PluginRegistry } from '../registry/plugin-registry.js';
import { KeyRing } from '../../vault/key-ring.js';
import { checkedConfig, checkedCredentials, missingCredentials, type CredentialChanges } from './check-input.js';
import type { ChangeConnectionDto, CreateConnectionDto, StoreCredentialsDto } from './connection.dto.js';
import { ConnectionStore, credentialPurpose, type ConnectionRow } from './connection-store.js';

/** What an admin does with connections. Every change is seen by this process at once, and by other replicas within 2 s. */
@Injectable()
export class Connections {
  constructor(
    private readonly store: ConnectionStore,
    private readonly registry: PluginRegistry,
    private readonly directory: ConnectionDirectory,
    private readonly keyRing: KeyRing,
  ) {}

  /** @throws HubError PLUGIN_NOT_FOUND, VALIDATION_FAILED; CONFLICT when the id is taken. */
  async create(wish: CreateConnectionDto): Promise<ConnectionRow> {
    const plugin = await this.registry.get(wish.plugin);
    const config = checkedConfig(plugin, wish.config);
    const credentials = checkedCredentials(plugin.manifest, wish.credentials);
    const missing = missingCredentials(plugin.manifest, new Set(credentials.keys()));
    if (wish.enabled && missing.length > 0) throw new HubError('VALIDATION_FAILED', { errors: missing.map((name) => ({ pointer: `/credentials/${name}`, detail: 'is required' })) });
    const id = await this.store.once(async (tx) => {
      const sourceId = await this.store.nextSourceId(tx);
      const chosen = wish.id ?? `${wish.plugin}-${sourceId}`;
      const { name, enabled, matchItemsBy, allowPrivateNetwork } = wish;
      const inserted = await this.store.insert(tx, sourceId, { id: chosen, name, plugin: wish.plugin, config, enabled, matchItemsBy, allowPrivateNetwork });
      if (!inserted) throw new HubError('CONFLICT', { detail: `There is a connection '${chosen}' already.` });
      await this.storeCredentials(tx, sourceId, credentials, 0);
      return chosen;
    });
    return this.fresh(id);
  }

  /** @throws HubError CONNECTION_NOT_FOUND, VALIDATION_FAILED, PLUGIN_NOT_FOUND when config is given and the plugin is gone. */
  async change(id: string, wish: ChangeConnectionDto): Promise<ConnectionRow> {
    await this.store.once(async (tx) => {
      const row = await this.locked(tx, id);
      const config = wish.config === undefined ? row.config : checkedConfig(await this.registry.get(row.plugin), wish.config);
      const { name = row.name, matchItemsBy = row.matchItemsBy, allowPrivateNetwork = row.allowPrivateNetwork } = wish;
      await this.store.update(tx, { ...row, name, matchItemsBy, allowPrivateNetwork, config });
    });
    return this.fresh(id);
  }

  /** @throws HubError CONNECTION_NOT_FOUND, PLUGIN_NOT_FOUND, VALIDATION_FAILED */
  async putCredentials(id: string, wish: StoreCredentialsDto): Promise<ConnectionRow> {
    await this.store.once(async (tx) => {
      const row = await this.locked(tx, id);
      const plugin = await this.registry.get(row.plugin);
      await this.storeCredentials(tx, row.sourceId, checkedCredentials(plugin.manifest, wish.credentials), wish.keepPreviousForSeconds);
    });
    return this.fresh(id);
  }

  /** Repeating it is harmless. @throws HubError CONNECTION_NOT_FOUND; CONFLICT when a required credential is not stored. */
  async enable(id: string): Promise<ConnectionRow> {
    await this.store.once(async (tx) => {
      const row = await this.locked(tx, id);
      const plugin: Plugin = await this.registry.get(row.plugin);
      const stored = new Set((await this.store.credentials(tx, [row.sourceId])).filter((credential) => credential.validUntil === null).map((credential) => credential.field));
      const missing = missingCredentials(plugin.manifest, stored);
      if (missing.length > 0) throw new HubError('CONFLICT', { detail: `These credentials are required and not stored: ${missing.join(', ')}.`, facts: { missing } });
      await this.store.update(tx, { ...row, enabled: true });
    });
    return this.fresh(id);
  }

  /** Webhooks are still accepted and wait; nothing is parsed or published. @throws HubError CONNECTION_NOT_FOUND */
  async disable(id: string): Promise<ConnectionRow> {
    await this.store.once(async (tx) => this.store.update(tx, { ...(await this.locked(tx, id)), enabled: false }));
    return this.fresh(id);
  }

  /** @throws HubError CONNECTION_NOT_FOUND */
  async get(id: string): Promise<ConnectionRow> {
    const row = await this.store.find(id);
    if (!row) throw notFound(id);
    return row;
  }

  private async locked(tx: Queryable, id: string): Promise<ConnectionRow> {
    const row = await this.store.lock(tx, id);
    if (!row) throw notFound(id);
    return row;
  }

  private async storeCredentials(tx: Queryable, sourceId: number, changes: CredentialChanges, keepPreviousForSeconds: number): Promise<void> {
    const vault = await this.keyRing.vaultFor(credentialPurpose(sourceId));
    for (const [field, value] of changes) {
      await this.store.replaceCredential(tx, sourceId, field, value === null ? undefined : vault.seal(sourceId, field, value), keepPreviousForSeconds);
    }
  }

  private async fresh(id: string): Promise<ConnectionRow> {
    await this.directory.refresh();
    const row = await this.store.find(id);
    invariant(row, 'connections are never deleted');
    return row;
  }
}

function notFound(id: string): HubError {
  return new HubError('CONNECTION_NOT_FOUND', { detail: `There is no connection '${id.slice(0, 100)}'.` });
}
