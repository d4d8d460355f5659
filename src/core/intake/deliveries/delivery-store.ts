import { Injectable } from '@nestjs/common';
import { seek, type ListOrder } from '../../http/paging/list-orders.js';
import { Database } from '../../persistence/database.js';
import { letGo } from '../exceptions/parked-store.js';
import type { DeliveryState } from './delivery.dto.js';

export interface DeliveryRow {
  readonly id: number;
  readonly sourceId: number;
  readonly senderKey: string;
  readonly topic: string;
  readonly state: DeliveryState;
  readonly applied: number;
  readonly repeated: number;
  readonly attempts: number;
  readonly reason: string | null;
  readonly bytes: number;
  readonly correlationId: string;
  readonly receivedAt: Date;
  readonly finishedAt: Date | null;
}

export interface StoredDelivery extends DeliveryRow {
  readonly headers: Readonly<Record<string, string>>;
  /** The body, cut at MOST_SHOWN_BYTES. */
  readonly shown: Buffer;
}

export interface DeliveryFilter {
  readonly state: DeliveryState | undefined;
  readonly sourceId: number | undefined;
  /** This and the next two need `sourceId`. */
  readonly senderKey: string | undefined;
  readonly feed: string | undefined;
  readonly topic: string | undefined;
  readonly limit: number;
  readonly order: ListOrder<readonly ['bigint']>;
}

/** What is shown of a body; a whole one can be 2 MB. */
export const MOST_SHOWN_BYTES = 65_536;

const COLUMNS = `d.id, d.source_id as "sourceId", d.sender_key as "senderKey", d.topic, case when p.delivery_id is not null then 'pending' else o.state end as state,
  coalesce(o.applied, 0) as applied, coalesce(o.repeated, 0) as repeated, coalesce(p.attempts, 0) as attempts, coalesce(p.last_error, o.reason) as reason,
  octet_length(d.body) as bytes, d.correlation_id as "correlationId", d.received_at as "receivedAt", case when p.delivery_id is null then o.finished_at end as "finishedAt"`;
const JOINS = `left join intake.pending p on p.source_id = d.source_id and p.delivery_id = d.id left join intake.outcome o on o.delivery_id = d.id`;

/** What an admin sees of the inbox. */
@Injectable()
export class DeliveryStore {
  constructor(private readonly database: Database) {}

  /** By id, that is by when they were received. */
  list(filter: DeliveryFilter): Promise<DeliveryRow[]> {
    const { sql: finding, given } = findingBy(filter);
    return this.database.query<DeliveryRow>(`select ${COLUMNS} from (${finding}) found join intake.delivery d on d.id = found.id ${JOINS} order by d.id ${filter.order.descending ? 'desc' : 'asc'}`, given);
  }

  async find(id: number): Promise<StoredDelivery | undefined> {
    const [row] = await this.database.query<StoredDelivery>(
      `select ${COLUMNS}, d.headers, substring(d.body from 1 for ${MOST_SHOWN_BYTES}) as shown from intake.delivery d ${JOINS} where d.id = $1`, [id]);
    return row;
  }

  async exceptionsOf(id: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      'select distinct b.exception_id::text as id from intake.held h join intake.held_by b on b.held_id = h.id where h.delivery_id = $1 order by 1', [id]);
    return rows.map((row) => row.id);
  }

  /** Puts a delivery back into the queue, its tries forgotten; an exception that holds it as a whole lets it go. */
  async again(sourceId: number, id: number): Promise<void> {
    await this.database.once(async (tx) => {
      const held = await tx.query<{ id: number }>('select id from intake.held where delivery_id = $1 and event is null', [id]);
      await letGo(tx, held.map((one) => one.id));
      await tx.execute(`
        insert into intake.pending (source_id, delivery_id) values ($1, $2)
        on conflict (source_id, delivery_id) do update set not_before = '-infinity', attempts = 0, pause_ms = 0`, [sourceId, id]);
    });
  }
}

/** Each kind of question is answered where its answers are rare: in the queue, by the index of unusual outcomes, by key, feed or topic. */
function findingBy({ state, sourceId, senderKey, feed, topic, limit, order }: DeliveryFilter): { sql: string; given: unknown[] } {
  const given: unknown[] = [];
  const put = (value: unknown): string => `$${given.push(value)}`;
  const asked: string[] = [];
  if (sourceId !== undefined) asked.push(`d.source_id = ${put(sourceId)}`);
  if (senderKey !== undefined) asked.push(`d.id = (select k.delivery_id from intake.delivery_key k where k.source_id = ${put(sourceId)} and k.sender_key = ${put(senderKey)})`);
  // As the index has it (migrations/1700000019000-delivery-filters.ts); what `feed:` means, src/core/intake/record-key.ts.
  if (feed !== undefined) asked.push(`d.sender_key like 'feed:%' and split_part(d.sender_key, ':', 2) = ${put(feed)}`);
  if (topic !== undefined) asked.push(`d.topic = ${put(topic)}`);
  const waits = 'exists (select from intake.pending p where p.source_id = d.source_id and p.delivery_id = d.id)';
  let from = 'intake.delivery d';
  let id = 'd.id';
  if (state === 'pending') {
    from = 'intake.pending w join intake.delivery d on d.id = w.delivery_id and d.source_id = w.source_id';
    id = 'w.delivery_id';
  } else if (state === 'done') {
    asked.push(`exists (select from intake.outcome o where o.delivery_id = d.id and o.state = 'done') and not ${waits}`);
  } else if (state !== undefined) {
    from = 'intake.outcome o join intake.delivery d on d.id = o.delivery_id';
    id = 'o.delivery_id';
    asked.push(`o.state = ${put(state)} and o.state <> 'done' and not ${waits}`);
  }
  const { condition, orderBy } = seek(order, [id], put);
  return { sql: `select ${id} as id from ${from} where ${[condition, ...asked].join(' and ')} order by ${orderBy} limit ${put(limit)}`, given };
}
