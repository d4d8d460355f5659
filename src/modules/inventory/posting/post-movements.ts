import { Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ConnectionDirectory } from '../../../core/connector/connection-directory.js';
import { HubError } from '../../../core/errors/index.js';
import { Pumps } from '../../../core/orchestration/pumps/pumps.js';
import { WakeUps } from '../../../core/orchestration/wake-ups.js';
import { momentNow, whileRenewed } from '../../../core/orchestration/pumps/while-renewed.js';
import { BookLeases, BOOK_TERMS, type BookLease } from './book-lease.js';
import { PostingBooks } from './posting-books.js';
import { POSTING_TOPIC } from './topic.js';
import { WorkBook, type Step } from './work-book.js';

const SWEEP_EVERY_MS = 5_000;
const AFTER_FAULT_MS = 1_000;
/** While a connection cannot be used at all; a change of it ends the wait. */
const UNUSABLE_MS = 15_000;

/**
 * Posts the ledger's movements into the books of outside systems. Each book has a pump of its own, so that a slow ERP
 * delays nobody else, and one call under way at a time. Between writing and settling lies no transaction: after a crash
 * the same movements come again with the same keys, and the connector finds what it wrote.
 */
@Injectable()
export class PostMovements implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger(PostMovements.name);
  private readonly pumps = new Pumps<number>((source) => source, (source) => this.pump(source));

  constructor(
    private readonly books: PostingBooks,
    private readonly leases: BookLeases,
    private readonly work: WorkBook,
    private readonly connections: ConnectionDirectory,
    private readonly wakeUps: WakeUps,
  ) {}

  onModuleInit(): void {
    this.wakeUps.on(POSTING_TOPIC, () => this.startPumps(), { sweepEveryMs: SWEEP_EVERY_MS });
    this.connections.onChanged(({ sourceId }) => void this.books.wake(sourceId).catch((error: unknown) => this.logger.warn(`A book could not be woken: ${(error as Error).message}`)));
  }

  /** Begins nothing new and waits for the calls under way. */
  beforeApplicationShutdown(): Promise<void> {
    return this.pumps.stop();
  }

  private async startPumps(): Promise<void> {
    for (const source of await this.books.running()) this.pumps.start(source);
  }

  private async pump(source: number): Promise<void> {
    try {
      const asked = momentNow();
      const lease = this.pumps.stopped ? undefined : await this.leases.claim(source);
      if (lease) await whileRenewed(BOOK_TERMS, asked, () => this.renew(lease), (holds) => this.drain(lease, holds));
    } catch (error) {
      this.logger.error({ err: error }, `Posting to the books of source ${source} failed: ${(error as Error).message}`);
      this.ringAfter(AFTER_FAULT_MS);
    }
  }

  private async drain(claimed: BookLease, holds: () => boolean): Promise<void> {
    for (let lease = claimed; !this.pumps.stopped;) {
      const step = await this.turn(lease, holds);
      if (step === undefined) return;
      if ('setback' in step) {
        await this.leases.setBack(lease, step.setback);
        this.ringAfter(step.setback.waitMs);
        return;
      }
      lease = step.lease;
      if (step.idleMs !== undefined) {
        if (step.idleMs < SWEEP_EVERY_MS) this.ringAfter(step.idleMs);
        break;
      }
    }
    await this.leases.giveBack(claimed);
  }

  private async turn(lease: BookLease, holds: () => boolean): Promise<Step> {
    try {
      const connection = await this.connections.bySource(lease.source);
      const sink = connection?.manifest.capabilities.movementSink;
      if (!connection?.enabled || !sink) return { lease, idleMs: Infinity };
      return await this.work.turn(lease, { connection, batchMax: sink.batchMax, mayGo: holds }, () => !this.pumps.stopped);
    } catch (error) {
      if (!(error instanceof HubError) || error.code !== 'PLUGIN_UNAVAILABLE') throw error;
      return { setback: { waitMs: UNUSABLE_MS, note: `${error.code}: ${error.message}` } };
    }
  }

  private renew(lease: BookLease): Promise<boolean> {
    return this.leases.renew(lease).catch((error: unknown) => {
      this.logger.warn(`A book could not be kept: ${(error as Error).message}`);
      return false;
    });
  }

  private ringAfter(delayMs: number): void {
    this.pumps.later(delayMs, () => this.wakeUps.ring(POSTING_TOPIC));
  }
}
