import { Injectable } from '@nestjs/common';
import { HubError } from '../../../core/errors/index.js';
import { Database } from '../../../core/persistence/database.js';
import { CatalogDirectory } from '../../catalog/index.js';

export interface Publication {
  readonly item: string;
  /** What the channel may sell. */
  readonly now: number;
  /** What the channel last acknowledged, and when. */
  readonly published: { readonly quantity: number; readonly at: string } | null;
  /** Since when the channel waits for a newer figure; null when it knows the latest. */
  readonly waitingSince: string | null;
  readonly attempts: number;
  /** Why the last try did not succeed, or why the channel refused the item; null when all is well. */
  readonly fault: string | null;
}

export interface PublicationFilter {
  readonly channel: string;
  readonly state?: 'waiting' | 'refused' | 'published';
  /** The item that the page before ended with, by its number. */
  readonly after: number;
  readonly limit: number;
}

interface Row {
  itemId: number;
  now: number;
  published: number | null;
  publishedAt: Date | null;
  since: Date | null;
  attempts: number | null;
  fault: string | null;
}

const STATES = { waiting: 'd.item_id is not null', refused: 'a.fault is not null', published: 'd.item_id is null and a.fault is null and a.published is not null' } as const;

@Injectable()
export class ReadPublications {
  constructor(
    private readonly database: Database,
    private readonly catalog: CatalogDirectory,
  ) {}

  /** In a fixed order, paged by key. @throws HubError UNKNOWN_CHANNEL */
  async list(filter: PublicationFilter): Promise<{ items: Publication[]; next: number | undefined }> {
    const channel = (await this.catalog.channelIds([filter.channel])).get(filter.channel);
    if (channel === undefined) throw new HubError('UNKNOWN_CHANNEL', { detail: `There is no channel '${filter.channel}'.`, errors: [{ pointer: '?channel', detail: 'not known' }] });
    const rows = await this.database.query<Row>(
      `select a.item_id as "itemId", a.now, a.published, a.published_at as "publishedAt", d.since, d.attempts, coalesce(d.last_error, a.fault) as fault
         from inventory.availability a left join inventory.dirty d on d.channel_id = a.channel_id and d.item_id = a.item_id
        where a.channel_id = $1 and a.item_id > $2 and ${filter.state ? STATES[filter.state] : 'true'}
        order by a.item_id limit $3`,
      [channel, filter.after, filter.limit + 1],
    );
    const page = rows.slice(0, filter.limit);
    const codes = await this.catalog.itemCodes(page.map((row) => row.itemId));
    return {
      items: page.map((row) => ({
        item: codes.get(row.itemId) ?? '',
        now: row.now,
        published: row.published === null || row.publishedAt === null ? null : { quantity: row.published, at: row.publishedAt.toISOString() },
        waitingSince: row.since?.toISOString() ?? null,
        attempts: row.attempts ?? 0,
        fault: row.fault,
      })),
      next: rows.length > filter.limit ? page[page.length - 1]?.itemId : undefined,
    };
  }
}
