import { Injectable } from '@nestjs/common';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import { microseconds, ofCorrelation, Timeline, type TimelineAsk, type TimelineEntry } from '../../observability/timeline/timeline.js';
import { Database } from '../../persistence/database.js';
import { originOf } from '../record-key.js';
import { ConnectionNames } from './connection-names.js';
import type { DeliveryState } from './delivery.dto.js';

interface Row {
  readonly atUs: number;
  readonly key: string;
  readonly what: 'received' | 'finished' | 'held';
  readonly id: string;
  readonly sourceId: number;
  readonly senderKey: string;
  readonly topic: string;
  readonly bytes: number;
  readonly state: DeliveryState;
  readonly applied: number;
  readonly repeated: number;
  readonly attempts: number;
  readonly reason: string | null;
  /** What kind of event is held; null where the whole delivery is. */
  readonly event: string | null;
  readonly exceptions: readonly { readonly id: string; readonly class: string; readonly cause: string; readonly detail: string }[] | null;
}

const MOMENT = { received: 'd.received_at', finished: 'o.finished_at', held: 'h.held_at' } as const;
const KEY = { received: `'1'`, finished: `'2'`, held: `'3/' || lpad(h.id::text, 15, '0')` } as const;

/** One kind of entry: `joins` and `event` say what it is made of besides the delivery. */
function entries(what: Row['what'], joins: string): string {
  const exceptions = `(select json_agg(json_build_object('id', e.id::text, 'class', e.class, 'cause', e.cause, 'detail', e.detail) order by e.id) from intake.held_by b join intake.exception e on e.id = b.exception_id where b.held_id = h.id)`;
  return `select ${microseconds(MOMENT[what])} as "atUs", ('delivery/' || lpad(d.id::text, 15, '0') || '/' || ${KEY[what]}) collate "C" as key, '${what}' as what, d.id, ${what === 'held' ? `h.event ->> 'kind'` : 'null::text'} as event, ${what === 'held' ? exceptions : 'null::json'} as exceptions
    from mine d ${joins}`;
}

const SQL = `
  with mine as materialized (select d.id, d.source_id, d.received_at from intake.delivery d where ${ofCorrelation('d')}),
  page as (
    select * from (
      ${entries('received', '')}
      union all ${entries('finished', 'join intake.outcome o on o.delivery_id = d.id where not exists (select from intake.pending p where p.source_id = d.source_id and p.delivery_id = d.id)')}
      union all ${entries('held', 'join intake.held h on h.delivery_id = d.id')}
    ) all_entries where ("atUs", key) > ($2, $3) order by "atUs", key limit $4
  )
  select e."atUs", e.key, e.what, e.event, e.exceptions, d.id::text as id, d.source_id as "sourceId", d.sender_key as "senderKey", d.topic, octet_length(d.body) as bytes,
         case when p.delivery_id is not null then 'pending' else o.state end as state, coalesce(o.applied, 0) as applied, coalesce(o.repeated, 0) as repeated,
         coalesce(p.attempts, 0) as attempts, coalesce(p.last_error, o.reason) as reason
  from page e join intake.delivery d on d.id = e.id left join intake.pending p on p.source_id = d.source_id and p.delivery_id = d.id left join intake.outcome o on o.delivery_id = d.id
  order by e."atUs", e.key`;

/** Of a correlation id: the deliveries that came under it, what became of them, and what of them is held. */
@Injectable()
export class DeliveryTimeline {
  private readonly names: ConnectionNames;

  constructor(
    private readonly database: Database,
    connections: ConnectionDirectory,
    timeline: Timeline,
  ) {
    this.names = new ConnectionNames(connections);
    timeline.register((ask) => this.entries(ask));
  }

  private async entries({ correlationId, after, limit }: TimelineAsk): Promise<TimelineEntry[]> {
    const rows = await this.database.query<Row>(SQL, [correlationId, after.atUs, after.key, limit]);
    return Promise.all(rows.map(async (row) => entryOf(row, await this.names.nameOf(row.sourceId))));
  }
}

function entryOf(row: Row, connection: string | null): TimelineEntry {
  const { atUs, key, what, id, senderKey, topic, bytes, state, applied, repeated, attempts, reason, event, exceptions } = row;
  const from = connection ?? 'a connection that is gone';
  const feed = originOf(senderKey)?.feed ?? null;
  const base = { atUs, key };
  switch (what) {
    case 'received':
      return { ...base, kind: 'delivery.received', summary: `Delivery ${id} ('${topic}') came from ${from}${feed === null ? '' : ` by the feed '${feed}'`}.`, details: { delivery: id, connection, feed, senderKey, topic, bytes, state, attempts } };
    case 'finished':
      return { ...base, kind: 'delivery.finished', summary: `Delivery ${id} was read: ${state}, ${applied} applied, ${repeated} known already${reason === null ? '' : ` (${reason})`}.`, details: { delivery: id, connection, state, applied, repeated, reason } };
    case 'held': {
      const causes = (exceptions ?? []).map((one) => one.detail).join(' ');
      return { ...base, kind: 'delivery.held', summary: `${event === null ? `Delivery ${id}` : `An event of delivery ${id}`} is held: ${causes}`, details: { delivery: id, connection, event, exceptions: exceptions ?? [] } };
    }
  }
}
