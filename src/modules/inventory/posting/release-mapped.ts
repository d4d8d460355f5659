import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ConnectionDirectory } from '../../../core/connector/connection-directory.js';
import { WakeUps } from '../../../core/orchestration/wake-ups.js';
import { HeldPostings } from './held-postings.js';
import { NameMovements } from './name-movements.js';
import { PostingBooks } from './posting-books.js';
import { POSTING_TOPIC } from './topic.js';

const AWAITED_TOPIC = 'posting.awaited';
const SWEEP_EVERY_MS = 10_000;
const MOST_ITEMS = 500;

/**
 * Lets held movements go on when the books' name of their item has become known: in the transaction that saves it. What
 * slips through (saved a moment before the movement was held, or a connection that matches by SKU from now on) is
 * found by a sweep.
 */
@Injectable()
export class ReleaseMapped implements OnModuleInit {
  constructor(
    private readonly held: HeldPostings,
    private readonly names: NameMovements,
    private readonly books: PostingBooks,
    private readonly connections: ConnectionDirectory,
    private readonly wakeUps: WakeUps,
  ) {}

  onModuleInit(): void {
    this.names.onItemsNamed(async (tx, source, items) => ((await this.held.release(tx, source, items)) ? () => this.wakeUps.ring(POSTING_TOPIC) : undefined));
    this.wakeUps.on(AWAITED_TOPIC, () => this.sweep(), { sweepEveryMs: SWEEP_EVERY_MS });
  }

  private async sweep(): Promise<void> {
    let released = false;
    for (const source of await this.books.running()) {
      const connection = await this.connections.bySource(source).catch(() => undefined);
      if (!connection) continue;
      for (let after = '', items; (items = await this.held.awaited(source, after, MOST_ITEMS)).length > 0; after = items[items.length - 1] as string) {
        released = (await this.held.release(undefined, source, await this.names.nameable(connection, items))) || released;
      }
    }
    if (released) this.wakeUps.ring(POSTING_TOPIC);
  }
}
