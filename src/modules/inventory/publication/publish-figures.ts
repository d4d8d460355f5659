import { Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ConnectionDirectory } from '../../../core/connector/connection-directory.js';
import { nextPauseMs } from '../../../core/intake/facts/backoff.js';
import { Pumps } from '../../../core/orchestration/pumps/pumps.js';
import { WakeUps } from '../../../core/orchestration/wake-ups.js';
import { ChannelPublications, type ChannelTurn, type WaitingChannel } from './channel-publications.js';
import { ResyncChannel } from './resync-channel.js';
import { PUBLISH_TOPIC } from './topic.js';
import { WorkChannel, type Told } from './work-channel.js';

const AFTER_FAULT_MS = 250;
/** How long a channel that takes nothing is left alone, longer each time. */
const PAUSE = { baseMs: 250, capMs: 30_000 };

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
    private readonly channels: ChannelPublications,
    private readonly connections: ConnectionDirectory,
    private readonly resyncs: ResyncChannel,
    private readonly work: WorkChannel,
    private readonly wakeUps: WakeUps,
  ) {}

  onModuleInit(): void {
    this.wakeUps.on(PUBLISH_TOPIC, () => this.startPumps(), { sweepEveryMs: 5_000 });
    this.connections.onChanged(({ sourceId }) => {
      const woken = this.channels.connectionChanged(sourceId).catch((error: unknown) => this.logger.warn(`A channel could not be woken: ${(error as Error).message}`));
      void woken.then(() => this.wakeUps.ring(PUBLISH_TOPIC));
    });
  }

  /** Begins nothing new and waits for the batches under way. */
  beforeApplicationShutdown(): Promise<void> {
    return this.pumps.stop();
  }

  private async startPumps(): Promise<void> {
    for (const waiting of await this.channels.waiting()) this.pumps.start(waiting);
  }

  private async pump({ channel, connection }: WaitingChannel): Promise<void> {
    try {
      await this.drain(channel, connection);
    } catch (error) {
      this.logger.error({ err: error }, `Publishing to channel ${channel} failed: ${(error as Error).message}`);
      this.ringAfter(AFTER_FAULT_MS);
    }
  }

  private async drain(channel: number, source: number): Promise<void> {
    while (!this.pumps.stopped) {
      const listener = await this.work.listener(source);
      const turn = listener && (await this.channels.turn(channel));
      if (!turn || turn.rests) return;
      if (turn.resyncs) await this.resyncs.advance(channel);
      const told = await this.work.tellBatch(channel, listener);
      if (!told || !(await this.goesOn(channel, turn, told))) return;
    }
  }

  /**
   * What a batch says of its channel. One figure that is put off speaks for itself alone; several of which none was taken
   * mean that the channel is down: it rests as a whole, or each next batch would meet the same fault.
   */
  private async goesOn(channel: number, turn: ChannelTurn, { figures, later, laterMs, note }: Told): Promise<boolean> {
    if (later < figures && turn.failures > 0) await this.channels.recovered(channel);
    if (laterMs === undefined) return true;
    const down = later === figures && figures > 1;
    const waitMs = down ? Math.max(laterMs, nextPauseMs(turn.pauseMs, PAUSE)) : laterMs;
    if (down) await this.channels.setBack(channel, waitMs, note);
    this.ringAfter(waitMs);
    return later < figures;
  }

  private ringAfter(delayMs: number): void {
    this.pumps.later(delayMs, () => this.wakeUps.ring(PUBLISH_TOPIC));
  }
}
