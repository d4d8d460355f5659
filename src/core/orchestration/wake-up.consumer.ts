import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import type { Job } from 'bullmq';
import { WAKE_UP_QUEUE, WakeUps } from './wake-ups.js';

/**
 * BullMQ's own delays suit long jobs: it waits 15 s after a lost connection and 30 s before it takes a dead worker's
 * job back. A ring is over in a millisecond, and one that a crash of Postgres caught in a worker's hands must not hold
 * up the rings after it, which BullMQ keeps back until it is done.
 */
const WORKER = { concurrency: 4, runRetryDelay: 1_000, lockDuration: 3_000, stalledInterval: 2_000, maxStalledCount: 3 };

/** Takes rings of other processes and ticks of the schedule. It does not wait for the work: a ring is only a hint. */
@Processor(WAKE_UP_QUEUE, WORKER)
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
