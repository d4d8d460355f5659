import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { Job } from 'bullmq';
import { QueueHealth } from './queue-health.js';
import { WAKE_UP_QUEUE, WakeUps } from './wake-ups.js';

/**
 * BullMQ's own delays suit long jobs: it waits 15 s after a lost connection and 30 s before it takes a dead worker's
 * job back. A ring is over in a millisecond, and one that a crash of the queue caught in a worker's hands must not hold
 * up the rings after it, which BullMQ keeps back until it is done.
 */
const WORKER = { concurrency: 4, runRetryDelay: 1_000, lockDuration: 3_000, stalledInterval: 2_000, maxStalledCount: 3 };

/** Takes rings of other processes and ticks of the schedule. It does not wait for the work: a ring is only a hint. */
@Processor(WAKE_UP_QUEUE, WORKER)
export class WakeUpConsumer extends WorkerHost implements BeforeApplicationShutdown {
  constructor(
    private readonly wakeUps: WakeUps,
    private readonly health: QueueHealth,
  ) {
    super();
  }

  override process(job: Job): Promise<void> {
    this.wakeUps.act(job.name);
    return Promise.resolve();
  }

  /** A worker closes by telling the queue what became of its jobs; a queue that is away would hold up the stop for ever. */
  async beforeApplicationShutdown(): Promise<void> {
    if (!this.health.state.answers) await this.worker.close(true);
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.health.heard(error);
  }
}
