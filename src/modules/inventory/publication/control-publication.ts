import { Injectable } from '@nestjs/common';
import { HubError } from '../../../core/errors/index.js';
import { WakeUps } from '../../../core/orchestration/wake-ups.js';
import { ChannelPublications } from './channel-publications.js';
import { ResyncChannel } from './resync-channel.js';
import { PUBLISH_TOPIC } from './topic.js';

/** What a person does about publishing to a channel. Every replica heeds it from its next batch on. */
@Injectable()
export class ControlPublication {
  constructor(
    private readonly channels: ChannelPublications,
    private readonly resyncs: ResyncChannel,
    private readonly wakeUps: WakeUps,
  ) {}

  pause(channel: number, reason: string | null): Promise<void> {
    return this.channels.pause(channel, reason);
  }

  async resume(channel: number): Promise<void> {
    await this.channels.resume(channel);
    this.wakeUps.ring(PUBLISH_TOPIC);
  }

  /** @throws HubError CONFLICT while one is under way */
  async resync(channel: number): Promise<void> {
    await this.resyncs.request(channel);
    this.wakeUps.ring(PUBLISH_TOPIC);
  }

  /** @throws HubError CONFLICT where none is under way */
  async stopResync(channel: number): Promise<void> {
    if (!(await this.resyncs.stop(channel))) throw new HubError('CONFLICT', { detail: 'No resync of this channel is under way.' });
  }
}
