import { Injectable, Logger } from '@nestjs/common';
import { HubError } from '../errors/index.js';
import type { Connection } from './connection.js';
import { ConnectionStore, type ConnectionRow, type CredentialRow } from './connections/connection-store.js';
import { PluginRegistry } from './registry/plugin-registry.js';
import { KeyRing } from '../vault/key-ring.js';

/** A copy this old is compared with the database beside the answer; one this old, before the answer. */
const REFRESH_AFTER_MS = 1_000;
const STALE_AFTER_MS = 2_000;

type Entry =
  | { readonly kind: 'usable'; readonly connection: Connection; readonly credentials: readonly CredentialRow[] }
  | { readonly kind: 'unusable'; readonly row: ConnectionRow; readonly reason: string; readonly credentials: readonly CredentialRow[] };

interface Copy {
  readonly revision: number;
  readonly byId: ReadonlyMap<string, Entry>;
  readonly bySource: ReadonlyMap<number, Entry>;
  readonly opened: Map<CredentialRow, Buffer>;
}

/**
 * Which connections exist, from memory. A change made through another replica is seen within 2 s; one made in this
 * process at once. The answer of a moment is a snapshot: hold it for one piece of work and ask again for the next.
 */
@Injectable()
export class ConnectionDirectory {
  private readonly logger = new Logger(ConnectionDirectory.name);
  private readonly listeners: ((connection: Connection) => void)[] = [];
  private copy: Copy | undefined;
  private checkedAt = -Infinity;
  private checking: Promise<Copy> | undefined;

  constructor(
    private readonly store: ConnectionStore,
    private readonly registry: PluginRegistry,
    private readonly keyRing: KeyRing,
  ) {}

  /**
   * @returns undefined when there is no such connection; a disabled one is returned.
   * @throws HubError PLUGIN_UNAVAILABLE when its plugin is missing or no longer accepts its configuration.
   */
  async byId(id: string): Promise<Connection | undefined> {
    return usable(await this.find((copy) => copy.byId.get(id)));
  }

  /** As `byId`, by the number under which the connection's facts are stored. */
  async bySource(sourceId: number): Promise<Connection | undefined> {
    return usable(await this.find((copy) => copy.bySource.get(sourceId)));
  }

  /** Every connection whose plugin can be used, in the order they were made. */
  async all(): Promise<readonly Connection[]> {
    return [...(await this.current()).bySource.values()].flatMap((entry) => (entry.kind === 'usable' ? [entry.connection] : []));
  }

  /** Why a stored connection cannot be used at present, or undefined when it can. */
  async unusableReason(sourceId: number): Promise<string | undefined> {
    const entry = (await this.current()).bySource.get(sourceId);
    return entry?.kind === 'unusable' ? entry.reason : undefined;
  }

  /**
   * The live secrets that deliveries to this connection may be signed with, newest first. Empty means that nothing can
   * be verified: every delivery is then refused.
   * @throws HubError CREDENTIALS_UNREADABLE
   */
  async webhookSecrets(connection: Connection): Promise<readonly Buffer[]> {
    const field = connection.manifest.webhooks?.verification.secret;
    return field === undefined ? [] : this.live(connection.sourceId, field);
  }

  /**
   * The current secret of each stored field, opened. For the egress broker alone: nothing that a plugin can see is made of it.
   * @throws HubError CREDENTIALS_UNREADABLE
   */
  async credentials(connection: Connection): Promise<Readonly<Record<string, string>>> {
    const copy = await this.current();
    const secrets: Record<string, string> = Object.create(null) as Record<string, string>;
    for (const row of copy.bySource.get(connection.sourceId)?.credentials ?? []) {
      if (row.validUntil === null) secrets[row.field] = (await this.open(copy, row)).toString('utf8');
    }
    return secrets;
  }

  /** Called after each change of a connection or its credentials that this process learns of. Listeners must not throw. */
  onChanged(listener: (connection: Connection) => void): void {
    this.listeners.push(listener);
  }

  /** Reads again at once; the admin API calls it after each of its writes. */
  async refresh(): Promise<void> {
    // A check that began before the write may have missed it: wait for it, then look again.
    await this.checking?.catch(() => undefined);
    this.checkedAt = -Infinity;
    await this.current();
  }

  /** That there is none is believed only of a copy that is newer than the question: another replica may just have made it. */
  private async find(pick: (copy: Copy) => Entry | undefined): Promise<Entry | undefined> {
    const found = pick(await this.current());
    if (found) return found;
    await this.refresh();
    return pick(await this.current());
  }

  private async live(sourceId: number, field: string): Promise<readonly Buffer[]> {
    const copy = await this.current();
    const now = Date.now();
    const rows = (copy.bySource.get(sourceId)?.credentials ?? []).filter((row) => row.field === field && (row.validUntil === null || row.validUntil.getTime() > now));
    return Promise.all(rows.map((row) => this.open(copy, row)));
  }

  private async open(copy: Copy, row: CredentialRow): Promise<Buffer> {
    const known = copy.opened.get(row);
    if (known) return known;
    const secret = Buffer.from((await this.keyRing.vaultOf(row.keyId)).open(row.sourceId, row.field, row), 'utf8');
    copy.opened.set(row, secret);
    return secret;
  }

  private current(): Promise<Copy> | Copy {
    const age = performance.now() - this.checkedAt;
    if (this.copy && age < REFRESH_AFTER_MS) return this.copy;
    if (!this.checking) {
      this.checking = this.check().finally(() => (this.checking = undefined));
      this.checking.catch((error: unknown) => this.logger.warn(`Connections could not be refreshed: ${(error as Error).message}`));
    }
    return this.copy && age < STALE_AFTER_MS ? this.copy : this.checking;
  }

  private async check(): Promise<Copy> {
    const startedAt = performance.now();
    let copy = this.copy;
    if (!copy || (await this.store.revision()) !== copy.revision) copy = await this.replace(copy);
    this.checkedAt = startedAt;
    return copy;
  }

  private async replace(before: Copy | undefined): Promise<Copy> {
    const { revision, connections, credentials } = await this.store.load();
    const entries = await Promise.all(connections.map((row) => this.judge(row, credentials.filter((credential) => credential.sourceId === row.sourceId))));
    const bySource = new Map(entries.map((entry) => [entry.kind === 'usable' ? entry.connection.sourceId : entry.row.sourceId, entry]));
    const byId = new Map(entries.map((entry) => [entry.kind === 'usable' ? entry.connection.id : entry.row.id, entry]));
    this.copy = { revision, bySource, byId, opened: new Map() };
    if (before) for (const [sourceId, entry] of bySource) if (entry.kind === 'usable' && !same(entry, before.bySource.get(sourceId))) this.tell(entry.connection);
    return this.copy;
  }

  private async judge(row: ConnectionRow, credentials: readonly CredentialRow[]): Promise<Entry> {
    const plugin = await this.registry.find(row.plugin);
    const unusable = (reason: string): Entry => ({ kind: 'unusable', row, reason, credentials });
    if (!plugin) return unusable(`Its plugin '${row.plugin}' is not among the usable plugins of this hub.`);
    const config = structuredClone(row.config);
    if (plugin.configSchema.faultsOf(config).length > 0) return unusable(`Version ${plugin.manifest.version} of its plugin does not accept its configuration any more.`);
    const { sourceId, id, name, enabled, matchItemsBy, allowPrivateNetwork } = row;
    return { kind: 'usable', credentials, connection: { sourceId, id, name, plugin: row.plugin, manifest: plugin.manifest, config, enabled, matchItemsBy, allowPrivateNetwork } };
  }

  private tell(connection: Connection): void {
    for (const listener of this.listeners) listener(connection);
  }
}

function usable(entry: Entry | undefined): Connection | undefined {
  if (entry?.kind !== 'unusable') return entry?.connection;
  throw new HubError('PLUGIN_UNAVAILABLE', { detail: `Connection '${entry.row.id}' cannot be used. ${entry.reason}` });
}

function same(now: Entry, before: Entry | undefined): boolean {
  return before !== undefined && JSON.stringify(now) === JSON.stringify(before);
}
