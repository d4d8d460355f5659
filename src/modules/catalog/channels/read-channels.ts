import { Injectable } from '@nestjs/common';
import { Database } from '../../../core/persistence/database.js';

/** A channel as callers see it: ids of locations in their order, and the connection's public id. */
export interface ChannelView {
  readonly id: string;
  readonly name: string;
  readonly locations: string[];
  readonly connection: string | null;
}

const VIEW = `
  select c.code as id, c.name, c.connection,
         array(select l.code from catalog.channel_location p join catalog.location l on l.id = p.location_id where p.channel_id = c.id and ($1::text[] is null or l.code = any($1::text[])) order by l.code) as locations
    from catalog.channel c`;

/** Finds channels as callers see them. */
@Injectable()
export class ReadChannels {
  constructor(private readonly db: Database) {}

  /** With those of its locations that are named here; with all unless any are. */
  async one(id: string, locations?: readonly string[]): Promise<ChannelView | undefined> {
    const [channel] = await this.db.query<ChannelView>(`${VIEW} where c.code = $2`, [locations ?? null, id]);
    return channel;
  }

  /** In order of id, after the one named; at most `most`; where channels or locations are named, no others. */
  page(after: string, most: number, { channels, locations }: { channels?: readonly string[]; locations?: readonly string[] }): Promise<ChannelView[]> {
    return this.db.query<ChannelView>(`${VIEW} where c.code > $2 and ($4::text[] is null or c.code = any($4::text[])) order by c.code limit $3`, [locations ?? null, after, most, channels ?? null]);
  }
}
