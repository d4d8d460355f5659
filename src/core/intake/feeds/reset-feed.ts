import { Injectable } from '@nestjs/common';
import { HubError } from '../../errors/index.js';
import { WakeUps } from '../../orchestration/wake-ups.js';
import { FEEDS_TOPIC } from './feed-poller.js';
import { FeedStore } from './feed-store.js';
import type { FeedName } from './feed-leases.js';
import { nameOf, type DeclaredFeed } from './steer-feed.js';

/** Has a feed read again from an earlier place. Harmless to stock, since records and facts count once. */
@Injectable()
export class ResetFeed {
  constructor(
    private readonly store: FeedStore,
    private readonly wakeUps: WakeUps,
  ) {}

  /**
   * Where the feed stood is saved first, and a page that is under way is refused when it comes.
   * @param to `start`, the id of a saved cursor, or an RFC 3339 time: where the feed stood then.
   * @throws HubError VALIDATION_FAILED when nothing is saved there.
   */
  async run(feed: DeclaredFeed, to: string): Promise<void> {
    const name = nameOf(feed);
    await this.store.reset(name, to === 'start' ? null : await this.savedAt(name, to));
    this.wakeUps.ring(FEEDS_TOPIC);
  }

  private async savedAt(name: FeedName, to: string): Promise<string> {
    if (/^\d+$/.test(to)) {
      const saved = await this.store.savedCursor(name, Number(to));
      return saved?.cursor ?? refuse('is no saved cursor of this feed');
    }
    const moment = new Date(to);
    if (Number.isNaN(moment.getTime())) return refuse('is no moment');
    const saved = await this.store.savedAsOf(name, moment);
    return saved?.cursor ?? refuse('is before the oldest saved cursor: choose `start`, or a later moment');
  }
}

function refuse(detail: string): never {
  throw new HubError('VALIDATION_FAILED', { errors: [{ pointer: '/to', detail }] });
}
