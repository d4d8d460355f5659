import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import type { Job } from 'bullmq';
import { WAKE_UP_QUEUE, WakeUps } from './wake-ups.js';

/** Takes rings of other processes and ticks of the schedule. It does not wait for the work: a ring is only a hint. */
@Processor(WAKE_UP_QUEUE, { concurrency: 4 })
export class WakeUpConsumer extends WorkerHost {
  private readonly logger = new Logger('WakeUps');

  constructor(private readonly wakeUps: WakeUps) {
    super();
  }

  override process(job: Job): Promise<void> {
    this.wakeUps.act(job.name);
    return Promise.resolve();
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.logger.debug(`wake-up worker: ${error.message}`);
  }
}
