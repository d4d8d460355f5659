import type {
  Capabilities, Delivery, FeedPage, FeedRequest, FiguresBasis, InventoryFigure, ListPage, ListRequest, MovementPosting, OutsideItem, OutsideLocation, ParseResult,
  PostResult, PublishResult, SubscriptionRequest, SubscriptionResult,
} from '@crossdock/connector-sdk';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { correlationId } from '../../observability/correlation.js';
import type { Connection } from '../connection.js';
import { EgressBroker } from '../egress/egress-broker.js';
import { PluginHost } from '../plugin-host.js';
import { PLUGIN_FOLDERS, type PluginFolders } from '../registry/plugin-folders.js';
import { PluginRegistry } from '../registry/plugin-registry.js';
import { readFeedPage, readItemPage, readLocationPage } from '../results/pages.js';
import { readParseResults } from '../results/parse-results.js';
import { readPostResults } from '../results/post-results.js';
import { readPublishResults } from '../results/publish-results.js';
import { readWhole } from '../results/one-each.js';
import { fieldsOf, proseField } from '../results/read-fields.js';
import { readSubscriptionResults } from '../results/subscription-results.js';
import type { PluginMethod } from '../wire/messages.js';
import { batchesOf } from './batches.js';
import { LIMITS, type WallLimits } from '../wall/limits.js';
import { PluginMetrics } from './plugin-metrics.js';
import { PluginSlot, type SlotReport } from './plugin-slot.js';
import { Wall, type WallReport } from '../wall/wall.js';

/** Runs plugins in child processes, one a plugin, and judges whatever comes back. */
@Injectable()
export class WalledPluginHost extends PluginHost implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Plugin');
  private readonly slots = new Map<string, PluginSlot>();
  private readonly wallState: Wall;

  constructor(
    private readonly registry: PluginRegistry,
    private readonly broker: EgressBroker,
    @Inject(PLUGIN_FOLDERS) private readonly folders: PluginFolders,
    @Inject(LIMITS) private readonly limits: WallLimits,
    private readonly metrics: PluginMetrics,
  ) {
    super();
    this.wallState = new Wall(folders.bootstrap, limits, this.logger);
  }

  async parseDeliveries(connection: Connection, deliveries: readonly Delivery[]): Promise<readonly ParseResult[]> {
    enabled(connection);
    const { webhooks, sources } = connection.manifest.capabilities;
    if (!webhooks && !sources) throw unsupported(connection, 'reads no deliveries');
    // Webhooks and records of feeds wait in one line and are read together.
    const most = Math.min(webhooks?.batchMax ?? Infinity, sources?.batchMax ?? Infinity);
    const results: ParseResult[] = [];
    for (const batch of batchesOf(deliveries, most)) {
      results.push(...readParseResults(connection.plugin, await this.call('parseDeliveries', connection, batch), batch.length));
    }
    return results;
  }

  async publishInventory(connection: Connection, figures: readonly InventoryFigure[], basis: FiguresBasis = { feeds: {} }, mayGo?: () => boolean): Promise<readonly PublishResult[]> {
    enabled(connection);
    return readPublishResults(connection.plugin, await this.call('publishInventory', connection, figures, basis, mayGo), figures.length);
  }

  async pollFeed(connection: Connection, { feed: name, cursor, limit }: FeedRequest): Promise<FeedPage> {
    enabled(connection);
    const feed = capability(connection, 'sources').feeds.find((one) => one.name === name);
    if (!feed) throw unsupported(connection, `has no feed '${name}'`);
    const most = Math.min(limit, feed.limit);
    return readFeedPage(connection.plugin, await this.call('pollFeed', connection, [{ feed: name, cursor, limit: most }]), most, feed.topics);
  }

  async postMovements(connection: Connection, postings: readonly MovementPosting[], mayGo?: () => boolean): Promise<readonly PostResult[]> {
    enabled(connection);
    capability(connection, 'movementSink');
    return readPostResults(connection.plugin, await this.call('postMovements', connection, postings, undefined, mayGo), postings.length);
  }

  async listItems(connection: Connection, request: ListRequest): Promise<ListPage<OutsideItem>> {
    const limit = Math.min(request.limit, capability(connection, 'catalogSource').limit);
    return readItemPage(connection.plugin, await this.call('listItems', connection, [{ ...request, limit }]), limit);
  }

  async listLocations(connection: Connection, request: ListRequest): Promise<ListPage<OutsideLocation>> {
    const limit = Math.min(request.limit, capability(connection, 'catalogSource').limit);
    return readLocationPage(connection.plugin, await this.call('listLocations', connection, [{ ...request, limit }]), limit);
  }

  async subscribeWebhooks(connection: Connection, request: SubscriptionRequest): Promise<readonly SubscriptionResult[]> {
    capability(connection, 'webhookSubscriptions');
    return readSubscriptionResults(connection.plugin, await this.call('subscribeWebhooks', connection, [request]), request.topics.length);
  }

  async checkHealth(connection: Connection): Promise<{ readonly detail: string }> {
    const answer = await this.call('checkHealth', connection, []);
    const detail = readWhole(connection.plugin, () => proseField(fieldsOf(answer, 'an answer that'), 'detail'));
    return { detail: detail || 'The connector found nothing wrong.' };
  }

  /** Tried at boot; plugins wait for it. */
  wall(): Promise<WallReport> {
    return this.wallState.report();
  }

  report(pluginId: string): Promise<SlotReport> {
    return this.slots.get(pluginId)?.report() ?? Promise.resolve({ state: 'stopped', starts: 0, faults: 0 });
  }

  onApplicationBootstrap(): void {
    void this.wall();
  }

  async onApplicationShutdown(): Promise<void> {
    this.wallState.close();
    await Promise.all([...this.slots.values()].map((slot) => slot.close()));
  }

  private async call(method: PluginMethod, connection: Connection, entries: readonly unknown[], beside?: unknown, mayGo: () => boolean = () => true): Promise<unknown> {
    const { level } = await this.wall();
    if (level !== 'permission') throw wallIsOpen(level);
    const slot = await this.slot(connection.plugin);
    const ask = (): Promise<unknown> => this.metrics.timedCall(connection.plugin, method, () => slot.call({ method, connection, entries, beside, traceId: correlationId(), mayGo }));
    const startedAt = performance.now();
    try {
      return await ask();
    } catch (error) {
      if (!sessionIsOver(connection, error)) throw error;
      this.broker.endSession(connection, startedAt);
      return ask();
    }
  }

  private async slot(pluginId: string): Promise<PluginSlot> {
    const plugin = await this.registry.get(pluginId);
    let slot = this.slots.get(pluginId);
    if (!slot) {
      const { limits, broker } = this;
      slot = new PluginSlot(plugin, { bootstrap: this.folders.bootstrap, limits, broker, log: (id, level, line) => this.log(id, level, line), onFault: (id) => this.metrics.fault(id) });
      this.slots.set(pluginId, slot);
    }
    return slot;
  }

  private log(plugin: string, level: 'debug' | 'info' | 'warn' | 'error', line: string): void {
    this.logger[level === 'info' ? 'log' : level](`${plugin}: ${line}`);
  }
}

function wallIsOpen(level: 'none' | 'unknown'): HubError {
  if (level === 'none') return new HubError('PLUGIN_UNAVAILABLE', { detail: 'No plugin is run: the wall does not hold on this machine (GET /admin/v1/plugins says where).' });
  return new HubError('PLUGIN_UNAVAILABLE', { detail: 'No plugin is run yet: whether the wall holds on this machine could not be tried so far (GET /admin/v1/plugins says why); it is tried again.', retryAfterSeconds: 5 });
}

function enabled(connection: Connection): void {
  if (!connection.enabled) throw new HubError('CONNECTION_DISABLED', { detail: `The connection '${connection.id}' is switched off.` });
}

/** @throws HubError PLUGIN_FAILED where the manifest does not promise it. */
function capability<Name extends keyof Capabilities>(connection: Connection, name: Name): NonNullable<Capabilities[Name]> {
  const promised = connection.manifest.capabilities[name];
  if (!promised) throw unsupported(connection, `does not have the capability '${name}'`);
  return promised;
}

function unsupported(connection: Connection, what: string): HubError {
  return new HubError('PLUGIN_FAILED', { detail: `The plugin '${connection.plugin}' ${what}.`, facts: { kind: 'unsupported', plugin: connection.plugin } });
}

/** The connector saw that its session does not hold any more. Every method may be called again: that is its contract. */
function sessionIsOver(connection: Connection, error: unknown): boolean {
  return error instanceof HubError && error.details.facts?.['kind'] === 'auth_expired' && connection.manifest.auth.some(({ type }) => type === 'session');
}
