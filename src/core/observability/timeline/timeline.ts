import { Injectable } from '@nestjs/common';

/** What a timeline tells of. The first part is where it is kept: what came in, the ledger, the channels, the admin side. */
export const TIMELINE_KINDS = [
  'delivery.received', 'delivery.finished', 'delivery.held', 'stock.moved', 'channel.told', 'channel.unchanged', 'channel.waits', 'channel.refused', 'admin.write',
] as const;
export type TimelineKind = (typeof TIMELINE_KINDS)[number];

/** One thing that happened under a correlation id. */
export interface TimelineEntry {
  /** Microseconds since 1970, by the database's clock. */
  readonly atUs: number;
  /** Orders what happened in the same microsecond, and is one entry's alone. Printable ASCII, so that hub and database order it alike. */
  readonly key: string;
  readonly kind: TimelineKind;
  /** A sentence. */
  readonly summary: string;
  /** No secret and no body: whoever may look at the hub may read it. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** What is asked of each source: its entries of the id that come after a place, in order, no more than `limit`. */
export interface TimelineAsk {
  readonly correlationId: string;
  readonly after: Pick<TimelineEntry, 'atUs' | 'key'>;
  readonly limit: number;
}

export type TimelineSource = (ask: TimelineAsk) => Promise<readonly TimelineEntry[]>;

/** What the hub knows of one correlation id. Whoever keeps something of it contributes a source; nobody reads another's tables. */
@Injectable()
export class Timeline {
  private readonly sources: TimelineSource[] = [];

  register(source: TimelineSource): void {
    this.sources.push(source);
  }

  /** The next entries of all sources, in order of time. */
  async read(ask: TimelineAsk): Promise<TimelineEntry[]> {
    const parts = await Promise.all(this.sources.map((source) => source(ask)));
    return parts.flat().sort((a, b) => a.atUs - b.atUs || (a.key < b.key ? -1 : 1)).slice(0, ask.limit);
  }
}

/** SQL: of rows of `table`, those of the correlation id $1, by the index on its hash (docs/adr/0019-timelines-by-an-index-on-a-hash.md). */
export function ofCorrelation(table: string): string {
  return `hashtext(${table}.correlation_id) = hashtext($1) and ${table}.correlation_id = $1`;
}

/** SQL: a moment as `atUs`. */
export function microseconds(moment: string): string {
  return `(extract(epoch from ${moment}) * 1000000)::bigint`;
}
