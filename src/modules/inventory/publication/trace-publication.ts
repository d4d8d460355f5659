import { Injectable, Logger } from '@nestjs/common';
import type { Connection } from '../../../core/connector/connection.js';
import { Tracing } from '../../../core/observability/tracing/tracing.js';
import { Database } from '../../../core/persistence/database.js';
import { numberArray } from '../../../core/persistence/sql-array.js';
import type { Claim, Settlement } from './dirty-figures.js';

/** So many of an item's latest changes are shown in their traces, and so many of a batch; a figure may rest on any number. */
const MOST_OF_AN_ITEM = 20;
const MOST_OF_A_BATCH = 1_000;
/** A row is marked a moment before its change is committed. */
const BEFORE_MS = 100;

/**
 * What was recorded since each figure began to wait. Numbers of batches grow with their time, but for batches that cross,
 * hence the minute: it lets the item's history be read from its end, and no further than needed.
 */
const CAUSES = `
  select distinct c.correlation_id as id
    from (select coalesce((select b.id from inventory.ledger_batch b where b.recorded_at < clock_timestamp() - make_interval(secs => $3 / 1000.0) - interval '1 minute' order by b.recorded_at desc limit 1), 0) as batch) since
   cross join unnest($1::int[], $2::float8[]) as w (item_id, waited_ms)
   cross join lateral (
     select m.correlation_id from inventory.movement m join inventory.ledger_batch b on b.id = m.batch_id
      where m.item_id = w.item_id and m.batch_id > since.batch and b.recorded_at >= clock_timestamp() - make_interval(secs => w.waited_ms / 1000.0)
      order by m.batch_id desc limit ${MOST_OF_AN_ITEM}
   ) c limit ${MOST_OF_A_BATCH}`;

/**
 * Shows a publication in the traces of the changes that it tells of. A figure is absolute and stands for all of them, and a
 * dirty row does not say which: they are looked up, and only where traces are sent.
 */
@Injectable()
export class TracePublication {
  private readonly logger = new Logger(TracePublication.name);

  constructor(
    private readonly database: Database,
    private readonly tracing: Tracing,
  ) {}

  async telling(connection: Connection, claim: Claim, work: () => Promise<Settlement[]>): Promise<Settlement[]> {
    if (!this.tracing.wanted) return work();
    const of = await this.causes(claim);
    const attributes = { 'crossdock.connection': connection.id, 'crossdock.channel': claim.channel, 'crossdock.figures': claim.figures.length };
    return this.tracing.batch(() => ({ name: 'channel.batch', part: 'channel.tell', kind: 'producer', of, attributes }), work, countsOf);
  }

  /** A trace is never a reason not to publish. */
  private async causes({ figures }: Claim): Promise<string[]> {
    try {
      const waited = figures.map(({ waitedMs }) => waitedMs + BEFORE_MS);
      const rows = await this.database.query<{ id: string }>(CAUSES, [numberArray(figures.map(({ item }) => item)), numberArray(waited), Math.max(0, ...waited)]);
      return rows.map(({ id }) => id);
    } catch (error) {
      this.logger.debug(`What a publication rests on could not be looked up: ${(error as Error).message}`);
      return [];
    }
  }
}

function countsOf(settlements: readonly Settlement[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { result } of settlements) counts[`crossdock.${result}`] = (counts[`crossdock.${result}`] ?? 0) + 1;
  return counts;
}
