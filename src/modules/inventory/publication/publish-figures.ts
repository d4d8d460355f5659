import { Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ConnectionDirectory } from '../../../core/connector/connection-directory.js';
import { Pumps } from '../../../core/orchestration/pumps/pumps.js';
import { WakeUps } from '../../../core/orchestration/wake-ups.js';
import { whileRenewed } from '../../../core/orchestration/pumps/while-renewed.js';
import { InventoryMetrics } from '../inventory-metrics.js';
import { DirtyFigures, RENEW_EVERY_MS, type Claim, type Settlement, type WaitingChannel } from './dirty-figures.js';
import { TellChannel } from './tell-channel.js';
import { PUBLISH_TOPIC } from './topic.js';

const AFTER_FAULT_MS = 250;

/**
 * Tells channels their figures. Each channel has a pump of its own, so that a slow channel delays nobody else; a pump
 * claims, publishes, settles, and goes on until nothing is claimable. There is no timer between batches: while one is
 * under way the next one gathers, and grows with the load.
 */
@Injectable()
export class PublishFigures implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger(PublishFigures.name);
  private readonly pumps = new Pumps<WaitingChannel>(({ channel }) => channel, (waiting) => this.pump(waiting));

  constructor(
    private readonly dirty: DirtyFigures,
    private readonly connections: ConnectionDirectory,
    private readonly tell: TellChannel,
    private readonly metrics: InventoryMetrics,
    private readonly wakeUps: WakeUps,
  ) {}

  onModuleInit(): void {
    this.wakeUps.on(PUBLISH_TOPIC, () => this.startPumps(), { sweepEveryMs: 5_000 });
    this.connections.onChanged(() => this.wakeUps.ring(PUBLISH_TOPIC));
  }

  /** Begins nothing new and waits for the batches under way. */
  beforeApplicationShutdown(): Promise<void> {
    return this.pumps.stop();
  }

  private async startPumps(): Promise<void> {
    for (const waiting of await this.dirty.waitingChannels()) this.pumps.start(waiting);
  }

  private async pump({ channel, connection }: WaitingChannel): Promise<void> {
    try {
      await this.drain(channel, connection);
    } catch (error) {
      this.logger.error({ err: error }, `Publishing to channel ${channel} failed: ${(error as Error).message}`);
      this.ringAfter(AFTER_FAULT_MS);
    }
  }

  private async drain(channel: number, connectionSource: number): Promise<void> {
    while (!this.pumps.stopped) {
      const connection = await this.connections.bySource(connectionSource);
      const sink = connection?.manifest.capabilities.inventorySink;
      if (!connection?.enabled || !sink) return;
      const basis = await this.tell.basis(connection);
      const claim = await this.dirty.claim(channel, sink.batchMax);
      if (!claim) return;
      const claimedAt = performance.now();
      const settlements = await whileRenewed(RENEW_EVERY_MS, () => this.renew(claim), () => this.tell.figures(connection, sink.itemReference, claim, basis));
      await this.dirty.settle(claim, settlements);
      this.count(claim, connection.plugin, settlements, performance.now() - claimedAt);
      const later = settlements.filter((one) => one.result === 'later').map((one) => one.afterMs);
      if (later.length > 0) this.ringAfter(Math.min(...later));
      if (later.length === claim.figures.length) return;
    }
  }

  private renew(claim: Claim): Promise<void> {
    return this.dirty.renew(claim).catch((error: unknown) => this.logger.warn(`A claim could not be renewed: ${(error as Error).message}`));
  }

  private count(claim: Claim, plugin: string, settlements: readonly Settlement[], tookMs: number): void {
    const waited = new Map(claim.figures.map((figure) => [figure.item, figure.waitedMs]));
    for (const { item, result } of settlements) this.metrics.handled({ channel: claim.channel, plugin, result, lagMs: (waited.get(item) ?? 0) + tookMs });
  }

  private ringAfter(delayMs: number): void {
    this.pumps.later(delayMs, () => this.wakeUps.ring(PUBLISH_TOPIC));
  }
}
