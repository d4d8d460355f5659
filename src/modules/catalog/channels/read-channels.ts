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
         array(select l.code from catalog.channel_location p join catalog.location l on l.id = p.location_id where p.channel_id = c.id order by l.code) as locations
    from catalog.channel c`;

/** Finds channels as callers see them. */
@Injectable()
export class ReadChannels {
  constructor(private readonly db: Database) {}

  async one(id: string): Promise<ChannelView | undefined> {
    const [channel] = await this.db.query<ChannelView>(`${VIEW} where c.code = $1`, [id]);
    return channel;
  }

  /** In order of id, after the one named; at most `most`. */
  page(after: string, most: number): Promise<ChannelView[]> {
    return this.db.query<ChannelView>(`${VIEW} where c.code > $1 order by c.code limit $2`, [after, most]);
  }
}
