import { Injectable } from '@nestjs/common';
import { HubError, invariant } from '../../../core/errors/index.js';
import { Database } from '../../../core/persistence/database.js';
import { numberArray } from '../../../core/persistence/sql-array.js';
import { CatalogDirectory } from '../../catalog/index.js';
import { RESERVATION_STATES, type HoldOwner, type HoldReader, type Reservation, type ReservationState } from './reservation.js';

export interface ReservationFilter {
  readonly key?: string;
  readonly state?: ReservationState;
  /** Reservation id to go on after; newest first. */
  readonly before?: number;
  readonly limit: number;
}

interface Row {
  id: number;
  key: string;
  channel: number;
  state: number;
  expiresAt: Date;
  createdAt: Date;
  lines: { line: number; item: number; quantity: number }[] | null;
}

const SELECT = `
  select r.id, r.key, r.channel_id as channel, r.state, r.expires_at as "expiresAt", r.created_at as "createdAt",
         (select json_agg(json_build_object('line', a.line, 'item', a.item_id, 'quantity', a.quantity) order by a.line)
            from inventory.allocation a where a.reservation_id = r.id) as lines
    from inventory.reservation r`;

/** A client sees its own reservations, of the channels that it was granted, and no others: to it they do not exist. */
@Injectable()
export class ReadReservations {
  constructor(
    private readonly database: Database,
    private readonly catalog: CatalogDirectory,
  ) {}

  /** @throws HubError NOT_FOUND */
  async one(reader: HoldReader, id: number): Promise<Reservation> {
    const rows = await this.database.query<Row>(`${SELECT} where r.id = $1 and ($2::integer is null or r.source_id = $2) and ($3::int[] is null or r.channel_id = any ($3::int[]))`, [id, reader.source ?? null, await this.channelsOf(reader)]);
    const [reservation] = await this.inWords(rows);
    if (!reservation) throw new HubError('NOT_FOUND', { detail: `There is no reservation '${id}'.` });
    return reservation;
  }

  /** Newest first. */
  async list(reader: HoldReader, filter: ReservationFilter): Promise<Reservation[]> {
    const rows = await this.database.query<Row>(
      `${SELECT} where ($1::integer is null or r.source_id = $1) and ($2::text is null or r.key = $2) and ($3::int is null or r.state = $3) and ($4::bigint is null or r.id < $4)
         and ($6::int[] is null or r.channel_id = any ($6::int[])) order by r.id desc limit $5`,
      [reader.source ?? null, filter.key ?? null, filter.state ? RESERVATION_STATES.indexOf(filter.state) : null, filter.before ?? null, filter.limit, await this.channelsOf(reader)],
    );
    return this.inWords(rows);
  }

  /** Whether the owner has used the key for a channel that it was not granted, or no longer is. */
  async isOfAnotherChannel({ source, channels }: HoldOwner, key: string): Promise<boolean> {
    if (channels === undefined) return false;
    return (await this.database.query('select from inventory.reservation where source_id = $1 and key = $2 and channel_id <> all ($3::int[])', [source, key, await this.channelsOf({ channels })])).length > 0;
  }

  private async channelsOf({ channels }: HoldReader): Promise<string | null> {
    return channels === undefined ? null : numberArray([...(await this.catalog.channelIds(channels)).values()]);
  }

  private async inWords(rows: readonly Row[]): Promise<Reservation[]> {
    const [items, channels] = await Promise.all([
      this.catalog.itemCodes(new Set(rows.flatMap((row) => (row.lines ?? []).map((line) => line.item)))),
      this.catalog.channelCodes(new Set(rows.map((row) => row.channel))),
    ]);
    return rows.map((row) => {
      const state = RESERVATION_STATES[row.state];
      invariant(state, `reservation ${row.id} is in no known state`);
      return {
        id: String(row.id),
        key: row.key,
        channel: channels.get(row.channel) ?? '',
        state,
        lines: (row.lines ?? []).map((line) => ({ line: line.line, item: items.get(line.item) ?? '', quantity: line.quantity })),
        expiresAt: row.expiresAt.toISOString(),
        createdAt: row.createdAt.toISOString(),
      };
    });
  }
}
