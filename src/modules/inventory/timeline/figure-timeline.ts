import { Injectable } from '@nestjs/common';
import { microseconds, ofCorrelation, Timeline, type TimelineAsk, type TimelineEntry, type TimelineKind } from '../../../core/observability/timeline/timeline.js';
import { Database } from '../../../core/persistence/database.js';
import { CatalogDirectory } from '../../catalog/index.js';

type FigureKind = Extract<TimelineKind, `channel.${string}`>;

interface Row {
  readonly atUs: number;
  readonly key: string;
  readonly kind: FigureKind;
  readonly item: number;
  readonly channel: number;
  readonly now: number;
  readonly published: number | null;
  readonly publishedAt: Date | null;
  readonly fault: string | null;
  readonly attempts: number | null;
}

/**
 * One figure stands for many changes, and only the latest that a channel acknowledged is kept. A row without anything
 * waiting says that the channel knows every change up to now: so it knows this one. While something waits, it may or may not.
 */
const SQL = `
  with moved as materialized (
    select m.item_id, side.account >> 3 as location_id, b.recorded_at
      from inventory.movement m join inventory.ledger_batch b on b.id = m.batch_id cross join lateral (values (m.from_account), (m.to_account)) as side (account)
     where ${ofCorrelation('m')} and side.account >= 8 and side.account & 7 = 0
  ), concerned as (
    select m.item_id, r.channel_id, max(m.recorded_at) as recorded_at
      from moved m join inventory.pool_location p on p.location_id = m.location_id join inventory.channel_rule r on r.pool_id = p.pool_id and r.connection_id is not null
     group by 1, 2
  ), judged as (
    select c.item_id as item, c.channel_id as channel, a.now, a.published, a.published_at, coalesce(d.last_error, a.fault) as fault, d.attempts,
           case when d.item_id is not null then 'channel.waits' when a.fault is not null then 'channel.refused' when a.published_at >= c.recorded_at then 'channel.told' else 'channel.unchanged' end as kind,
           case when d.item_id is not null then d.since when a.fault is null and a.published_at >= c.recorded_at then a.published_at else c.recorded_at end as at
      from concerned c join inventory.availability a on a.item_id = c.item_id and a.channel_id = c.channel_id
      left join inventory.dirty d on d.channel_id = c.channel_id and d.item_id = c.item_id
     where d.item_id is not null or a.fault is not null or a.published_at is not null
  )
  select * from (
    select ${microseconds('at')} as "atUs", ('zfigure/' || lpad(channel::text, 10, '0') || '/' || lpad(item::text, 10, '0')) collate "C" as key,
           kind, item, channel, now, published, published_at as "publishedAt", fault, attempts from judged
  ) figures where ("atUs", key) > ($2, $3) order by "atUs", key limit $4`;

/** Of a correlation id: how the figures that rest on its movements stand with the channels, one entry an item and channel. */
@Injectable()
export class FigureTimeline {
  constructor(
    private readonly database: Database,
    private readonly catalog: CatalogDirectory,
    timeline: Timeline,
  ) {
    timeline.register((ask) => this.entries(ask));
  }

  private async entries({ correlationId, after, limit }: TimelineAsk): Promise<TimelineEntry[]> {
    const rows = await this.database.query<Row>(SQL, [correlationId, after.atUs, after.key, limit]);
    const [items, channels] = await Promise.all([this.catalog.itemCodes(new Set(rows.map((row) => row.item))), this.catalog.channelCodes(new Set(rows.map((row) => row.channel)))]);
    return rows.map(({ atUs, key, kind, now, published, publishedAt, fault, attempts, ...ids }) => {
      const [item, channel] = [items.get(ids.item) ?? '', channels.get(ids.channel) ?? ''];
      const told = publishedAt === null ? null : { quantity: published, at: publishedAt.toISOString() };
      const figure = { item, channel, now, published: told, attempts: attempts ?? 0, fault };
      return { atUs, key, kind, summary: `${channel} ${sentence(kind, figure)}`, details: figure };
    });
  }
}

interface Figure {
  readonly item: string;
  readonly now: number;
  readonly published: { readonly quantity: number | null; readonly at: string } | null;
  readonly fault: string | null;
}

function sentence(kind: FigureKind, { item, now, published, fault }: Figure): string {
  const last = published ? `${published.quantity} was told at ${published.at}` : 'nothing was told yet';
  switch (kind) {
    case 'channel.told':
      return `was told ${published?.quantity} of ${item}, which covers this change.`;
    case 'channel.unchanged':
      return `did not need to be told: this change left its figure of ${item} as it was (${last}).`;
    case 'channel.waits':
      return `waits for its figure of ${item}, which is ${now} (${last}${fault ? `; ${fault}` : ''}).`;
    case 'channel.refused':
      return `refuses its figure of ${item}, which is ${now}: ${fault} (${last}).`;
  }
}
