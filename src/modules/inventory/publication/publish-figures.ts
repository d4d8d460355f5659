import { Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ConnectionDirectory } from '../../../core/connector/connection-directory.js';
import type { Connection } from '../../../core/connector/connection.js';
import { Publisher } from '../../../core/connector/publisher.js';
import { HubError } from '../../../core/errors/index.js';
import { SingleFlight } from '../../../core/orchestration/single-flight.js';
import { WakeUps } from '../../../core/orchestration/wake-ups.js';
import { ChannelNames, type NamedFigure } from './channel-names.js';
import { DirtyFigures, settlementOf, type Claim, type Settlement } from './dirty-figures.js';
import { PUBLISH_TOPIC } from './topic.js';

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 30_000;
/** While a person must act on the connection itself, its figures wait this long between tries. */
const WAIT_FOR_PERSON_MS = 15_000;

/**
 * Tells channels their figures. Each channel has a pump of its own, so that a slow channel delays nobody else; a pump
 * claims, publishes, settles, and goes on until nothing is claimable. There is no timer between batches: while one is
 * under way the next one gathers, and grows with the load.
 */
@Injectable()
export class PublishFigures implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger(PublishFigures.name);
  private readonly pumps = new Map<number, SingleFlight>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private stopping = false;

  constructor(
    private readonly dirty: DirtyFigures,
    private readonly connections: ConnectionDirectory,
    private readonly names: ChannelNames,
    private readonly publisher: Publisher,
    private readonly wakeUps: WakeUps,
  ) {}

  onModuleInit(): void {
    this.wakeUps.on(PUBLISH_TOPIC, () => this.startPumps(), { sweepEveryMs: 5_000 });
    this.connections.onChanged(() => this.wakeUps.ring(PUBLISH_TOPIC));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    for (const timer of this.timers) clearTimeout(timer);
    await Promise.all([...this.pumps.values()].map((pump) => pump.idle()));
  }

  private async startPumps(): Promise<void> {
    for (const { channel, connection } of await this.dirty.waitingChannels()) this.pump(channel, connection).ring();
  }

  private pump(channel: number, connectionSource: number): SingleFlight {
    const known = this.pumps.get(channel);
    if (known) return known;
    const pump = new SingleFlight(
      () => this.drain(channel, connectionSource),
      (error) => {
        this.logger.error({ err: error }, `Publishing to channel ${channel} failed: ${(error as Error).message}`);
        this.ringAfter(FIRST_BACKOFF_MS);
      },
    );
    this.pumps.set(channel, pump);
    return pump;
  }

  private async drain(channel: number, connectionSource: number): Promise<void> {
    while (!this.stopping) {
      const connection = await this.connections.bySource(connectionSource);
      const sink = connection?.manifest.capabilities.inventorySink;
      if (!connection?.enabled || !sink) return;
      const claim = await this.dirty.claim(channel, sink.batchMax);
      if (!claim) return;
      const settlements = await this.publish(connection, sink.itemReference, claim);
      await this.dirty.settle(claim, settlements);
      const later = settlements.filter((one) => one.result === 'later').map((one) => one.afterMs);
      if (later.length > 0) this.ringAfter(Math.min(...later));
      if (later.length === claim.figures.length) return;
    }
  }

  private async publish(connection: Connection, itemReference: string, claim: Claim): Promise<Settlement[]> {
    const settlements: Settlement[] = [];
    const told: NamedFigure[] = [];
    for (const named of await this.names.inChannel(connection.sourceId, itemReference, claim.figures)) {
      const { figure, code, externalId } = named;
      const base = { item: figure.item, version: figure.version, afterMs: 0, note: '' };
      if (externalId === undefined) settlements.push({ ...base, result: 'refused', note: `UNMAPPED: no cross-reference of type '${itemReference}' for '${code}'` });
      else if (figure.published === figure.now && figure.attempts === 0) settlements.push({ ...base, result: 'unchanged' });
      else told.push(named);
    }
    if (told.length > 0) settlements.push(...(await this.tell(connection, itemReference, told)));
    return settlements;
  }

  private async tell(connection: Connection, itemReference: string, told: readonly NamedFigure[]): Promise<Settlement[]> {
    try {
      const results = await this.publisher.publishInventory(
        connection,
        told.map(({ figure, code, externalId = '' }) => ({ item: { type: itemReference, id: externalId, sku: code }, available: figure.now, version: figure.version })),
      );
      return told.map(({ figure }, index) => settlementOf(figure, results[index] ?? { kind: 'ambiguous', reason: 'no result' }, backoffMs(figure.attempts)));
    } catch (error) {
      if (!(error instanceof HubError)) this.logger.error({ err: error }, `The publisher of '${connection.id}' failed unexpectedly`);
      const note = error instanceof HubError ? `${error.code}: ${error.message}` : 'the hub failed unexpectedly';
      return told.map(({ figure }) => ({ item: figure.item, version: figure.version, result: 'later', afterMs: WAIT_FOR_PERSON_MS, note }));
    }
  }

  private ringAfter(delayMs: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.wakeUps.ring(PUBLISH_TOPIC);
    }, delayMs).unref();
    this.timers.add(timer);
  }
}

/** Exponential with decorrelating jitter; a success resets it, since `attempts` starts again at zero. */
function backoffMs(attempts: number): number {
  const ceiling = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempts, 10));
  return ceiling / 2 + Math.random() * (ceiling / 2);
}
