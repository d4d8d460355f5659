import { Injectable } from '@nestjs/common';
import { Database } from '../../../core/persistence/database.js';
import { numberArray } from '../../../core/persistence/sql-array.js';
import { CatalogDirectory } from '../../catalog/index.js';
import { HubError } from '../../../core/errors/index.js';
import { bridge, type AvailabilityInputs, type BridgeTerm } from './bridge.js';

export interface Availability {
  readonly item: string;
  readonly channel: string;
  /** Units that the channel may promise at this moment. */
  readonly now: number;
  /** When this answer was computed, by the database's clock. */
  readonly asOf: string;
  /** Grows with each change of `now`. */
  readonly version: number;
  /** What the channel last acknowledged, if it is told figures at all. */
  readonly published: { readonly quantity: number; readonly at: string } | null;
  /** The steps that add up to `now`; they sum what other channels hold and what lies at every location of the channel. */
  readonly terms?: readonly { readonly term: BridgeTerm; readonly amount: number }[];
}

interface Row extends Record<keyof AvailabilityInputs, number> {
  item: number;
  version: number;
  published: number | null;
  publishedAt: Date | null;
  asOf: Date;
}

/** Answers what a channel may sell and why, from one snapshot: the terms are those that made the figure. */
@Injectable()
export class ReadAvailability {
  constructor(
    private readonly database: Database,
    private readonly catalog: CatalogDirectory,
  ) {}

  /** @throws HubError UNKNOWN_CHANNEL, UNKNOWN_ITEM (naming the first that is not in the catalogue). */
  async read(channelCode: string, itemCodes: readonly string[]): Promise<Availability[]> {
    const [channels, items] = await Promise.all([this.catalog.channelIds([channelCode]), this.catalog.itemIds(itemCodes)]);
    const channel = channels.get(channelCode);
    if (channel === undefined) throw new HubError('UNKNOWN_CHANNEL', { detail: `There is no channel '${channelCode}'.`, errors: [{ pointer: '?channel', detail: 'not known' }] });
    const missing = itemCodes.find((code) => !items.has(code));
    if (missing !== undefined) throw new HubError('UNKNOWN_ITEM', { detail: `There is no item '${missing}'.`, errors: [{ pointer: '?item', detail: `'${missing}' is not known` }] });
    const ids = itemCodes.map((code) => items.get(code) as number);
    const rows = await this.database.query<Row>(ROWS, [channel, numberArray(ids)]);
    return rows.map((row, index) => {
      const { now, terms } = bridge(row);
      return {
        item: itemCodes[index] as string,
        channel: channelCode,
        now,
        asOf: row.asOf.toISOString(),
        version: row.version,
        published: row.published === null || row.publishedAt === null ? null : { quantity: row.published, at: row.publishedAt.toISOString() },
        terms,
      };
    });
  }
}

const ROWS = `
  select t.item_id as item, coalesce(l.usable, 0) as usable, coalesce(l.safety, 0) as "safetyAtLocations", coalesce(l.stranded, 0) as stranded,
         coalesce(l.demand, 0) as demand, r.safety_stock as "safetyStock", r.share_percent as "sharePercent", r.threshold, r.buffer, r.cap,
         coalesce(a.version, 0) as version, a.published, a.published_at as "publishedAt", clock_timestamp() as "asOf"
    from inventory.channel_rule r
   cross join unnest($2::int[]) with ordinality as t (item_id, n)
    left join inventory.pool_level l on l.item_id = t.item_id and l.pool_id = r.pool_id
    left join inventory.availability a on a.item_id = t.item_id and a.channel_id = r.channel_id
   where r.channel_id = $1
   order by t.n`;
