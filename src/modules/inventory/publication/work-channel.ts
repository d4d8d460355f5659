import { Injectable, Logger } from '@nestjs/common';
import { ConnectionDirectory } from '../../../core/connector/connection-directory.js';
import type { Connection } from '../../../core/connector/connection.js';
import { momentNow, whileRenewed } from '../../../core/orchestration/pumps/while-renewed.js';
import { InventoryMetrics } from '../inventory-metrics.js';
import { CLAIM_TERMS, DirtyFigures, type Claim, type Settlement } from './dirty-figures.js';
import { TellChannel } from './tell-channel.js';
import { TracePublication } from './trace-publication.js';

/** What one batch came to. `laterMs`: how soon what was put off may be tried again, undefined where nothing was. */
export interface Told {
  readonly figures: number;
  readonly later: number;
  readonly laterMs: number | undefined;
  readonly note: string;
}

/** One batch of a channel: claimed, told, settled. */
@Injectable()
export class WorkChannel {
  private readonly logger = new Logger(WorkChannel.name);

  constructor(
    private readonly dirty: DirtyFigures,
    private readonly connections: ConnectionDirectory,
    private readonly tell: TellChannel,
    private readonly metrics: InventoryMetrics,
    private readonly traces: TracePublication,
  ) {}

  /** The connection that a channel is told through, where it is on and can be told anything. */
  async listener(source: number): Promise<Connection | undefined> {
    const connection = await this.connections.bySource(source);
    return connection?.enabled && connection.manifest.capabilities.inventorySink ? connection : undefined;
  }

  /** Undefined when there is nothing to tell at present. */
  async tellBatch(channel: number, connection: Connection): Promise<Told | undefined> {
    const sink = connection.manifest.capabilities.inventorySink;
    if (!sink) return undefined;
    const basis = await this.tell.basis(connection);
    const asked = momentNow();
    const claim = await this.dirty.claim(channel, sink.batchMax);
    if (!claim) return undefined;
    const claimedAt = performance.now();
    const settlements = await whileRenewed(CLAIM_TERMS, asked, () => this.renew(claim), (holds) => this.traces.telling(connection, claim, () => this.tell.figures(connection, sink.itemReference, claim, basis, holds)));
    await this.dirty.settle(claim, settlements);
    this.count(claim, connection.plugin, settlements, performance.now() - claimedAt);
    const later = settlements.filter((one) => one.result === 'later');
    return { figures: claim.figures.length, later: later.length, laterMs: later.length > 0 ? Math.min(...later.map(({ afterMs }) => afterMs)) : undefined, note: later[0]?.note ?? '' };
  }

  private renew(claim: Claim): Promise<boolean> {
    return this.dirty.renew(claim).catch((error: unknown) => {
      this.logger.warn(`A claim could not be renewed: ${(error as Error).message}`);
      return false;
    });
  }

  private count(claim: Claim, plugin: string, settlements: readonly Settlement[], tookMs: number): void {
    const waited = new Map(claim.figures.map((figure) => [figure.item, figure.waitedMs]));
    for (const { item, result } of settlements) this.metrics.handled({ channel: claim.channel, plugin, result, lagMs: (waited.get(item) ?? 0) + tookMs });
  }
}
