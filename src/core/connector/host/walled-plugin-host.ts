import type { InventoryFigure, ParseResult, PublishResult, WebhookDelivery } from '@crossdock/connector-sdk';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { correlationId } from '../../observability/correlation.js';
import type { Connection } from '../connection.js';
import { EgressBroker } from '../egress/egress-broker.js';
import { PluginHost } from '../plugin-host.js';
import { PLUGIN_FOLDERS, type PluginFolders } from '../registry/plugin-folders.js';
import { PluginRegistry } from '../registry/plugin-registry.js';
import { readParseResults } from '../results/parse-results.js';
import { readPublishResults } from '../results/publish-results.js';
import { fieldsOf, proseField } from '../results/read-fields.js';
import type { PluginMethod } from '../wire/messages.js';
import { batchesOf } from './batches.js';
import { LIMITS, type WallLimits } from '../wall/limits.js';
import { PluginMetrics } from './plugin-metrics.js';
import { PluginSlot, type SlotReport } from './plugin-slot.js';
import { probeWall, type WallReport } from '../wall/wall-probe.js';

/** Runs plugins in child processes, one a plugin, and judges whatever comes back. */
@Injectable()
export class WalledPluginHost extends PluginHost implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Plugin');
  private readonly slots = new Map<string, PluginSlot>();
  private probing: Promise<WallReport> | undefined;

  constructor(
    private readonly registry: PluginRegistry,
    private readonly broker: EgressBroker,
    @Inject(PLUGIN_FOLDERS) private readonly folders: PluginFolders,
    @Inject(LIMITS) private readonly limits: WallLimits,
    private readonly metrics: PluginMetrics,
  ) {
    super();
  }

  async parseWebhooks(connection: Connection, deliveries: readonly WebhookDelivery[]): Promise<readonly ParseResult[]> {
    enabled(connection);
    const most = connection.manifest.capabilities.webhooks?.batchMax;
    if (most === undefined) throw new HubError('PLUGIN_FAILED', { detail: `The plugin '${connection.plugin}' takes no webhooks.`, facts: { kind: 'unsupported' } });
    const results: ParseResult[] = [];
    for (const batch of batchesOf(deliveries, most)) {
      results.push(...readParseResults(connection.plugin, await this.call('parseWebhooks', connection, batch), batch.length));
    }
    return results;
  }

  async publishInventory(connection: Connection, figures: readonly InventoryFigure[]): Promise<readonly PublishResult[]> {
    enabled(connection);
    return readPublishResults(connection.plugin, await this.call('publishInventory', connection, figures), figures.length);
  }

  async checkHealth(connection: Connection): Promise<{ readonly detail: string }> {
    try {
      const answer = fieldsOf(await this.call('checkHealth', connection, []), 'the answer');
      return { detail: proseField(answer, 'detail') || 'The connector found nothing wrong.' };
    } catch (error) {
      if (error instanceof HubError) throw error;
      throw new HubError('PLUGIN_FAILED', { detail: `The plugin '${connection.plugin}' answered ${(error as Error).message}.`, facts: { kind: 'plugin_bug', plugin: connection.plugin } });
    }
  }

  /** Asked once, at boot; plugins wait for it. */
  wall(): Promise<WallReport> {
    this.probing ??= probeWall(this.folders.bootstrap, this.limits).then((report) => {
      if (report.level === 'none') this.logger.error(`No plugin is run: the wall does not hold here. ${report.openings.join('; ')}`);
      for (const warning of report.warnings) this.logger.warn(warning);
      return report;
    });
    return this.probing;
  }

  report(pluginId: string): Promise<SlotReport> {
    return this.slots.get(pluginId)?.report() ?? Promise.resolve({ state: 'stopped', starts: 0, faults: 0 });
  }

  onApplicationBootstrap(): void {
    void this.wall();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.slots.values()].map((slot) => slot.close()));
  }

  private async call(method: PluginMethod, connection: Connection, entries: readonly unknown[]): Promise<unknown> {
    const { level } = await this.wall();
    if (level === 'none') throw new HubError('PLUGIN_UNAVAILABLE', { detail: 'No plugin is run: the wall does not hold on this machine (GET /admin/v1/plugins says where).' });
    const slot = await this.slot(connection.plugin);
    return this.metrics.timedCall(connection.plugin, method, () => slot.call({ method, connection, entries, traceId: correlationId() }));
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

function enabled(connection: Connection): void {
  if (!connection.enabled) throw new HubError('CONNECTION_DISABLED', { detail: `The connection '${connection.id}' is switched off.` });
}
