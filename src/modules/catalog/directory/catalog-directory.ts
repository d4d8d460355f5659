import { Injectable } from '@nestjs/common';
import { Database } from '../../../core/persistence/database.js';
import { LookUpCache, Revision } from '../../../core/persistence/look-up-cache.js';
import type { Channel } from './channel.js';

const MOST_REMEMBERED = 100_000;

/**
 * Ids and codes of the catalogue, both ways. They never change, so they are remembered (within a bound); what is
 * missing is left out of the answer and asked for again at the next call.
 */
@Injectable()
export class CatalogDirectory {
  private readonly items: Names;
  private readonly locations: Names;
  private readonly channelNames: Names;
  private readonly allChannels: LookUpCache<'all', Map<string, Channel>>;

  constructor(private readonly db: Database) {
    this.items = new Names(db, 'catalog.item');
    this.locations = new Names(db, 'catalog.location');
    this.channelNames = new Names(db, 'catalog.channel');
    const revision = new Revision('catalog.revision', 'channels');
    this.allChannels = new LookUpCache(2, () => revision.read(db));
  }

  itemIds(codes: Iterable<string>): Promise<Map<string, number>> {
    return this.items.ids(codes);
  }

  itemCodes(ids: Iterable<number>): Promise<Map<number, string>> {
    return this.items.codes(ids);
  }

  locationIds(codes: Iterable<string>): Promise<Map<string, number>> {
    return this.locations.ids(codes);
  }

  locationCodes(ids: Iterable<number>): Promise<Map<number, string>> {
    return this.locations.codes(ids);
  }

  channelIds(codes: Iterable<string>): Promise<Map<string, number>> {
    return this.channelNames.ids(codes);
  }

  channelCodes(ids: Iterable<number>): Promise<Map<number, string>> {
    return this.channelNames.codes(ids);
  }

  /** A change of another replica is seen a second later at the latest; a channel that is missing is asked for again. */
  async channel(code: string): Promise<Channel | undefined> {
    const known = (await this.channelsByCode()).get(code);
    if (known) return known;
    this.channelsChanged();
    return (await this.channelsByCode()).get(code);
  }

  /** All channels, in order of code. */
  async channels(): Promise<Channel[]> {
    return [...(await this.channelsByCode()).values()];
  }

  /** Called after the commit of a change to channels. */
  channelsChanged(): void {
    this.allChannels.forget();
  }

  private async channelsByCode(): Promise<Map<string, Channel>> {
    const answer = await this.allChannels.get(['all'], async () => new Map([['all', await this.loadChannels()]]));
    return answer.get('all') ?? new Map();
  }

  private async loadChannels(): Promise<Map<string, Channel>> {
    const rows = await this.db.query<Channel>(
      `select c.id, c.code, c.name, c.connection_source_id as "connectionId",
              array(select l.location_id from catalog.channel_location l where l.channel_id = c.id order by l.location_id) as "locationIds"
         from catalog.channel c order by c.code`,
    );
    return new Map(rows.map((channel) => [channel.code, channel]));
  }
}

class Names {
  private readonly byCode = new LookUpCache<string, number>(MOST_REMEMBERED);
  private readonly byId = new LookUpCache<number, string>(MOST_REMEMBERED);

  constructor(
    private readonly db: Database,
    private readonly table: 'catalog.item' | 'catalog.location' | 'catalog.channel',
  ) {}

  ids(codes: Iterable<string>): Promise<Map<string, number>> {
    return this.byCode.get(codes, async (missing) => {
      // Postgres text holds no NUL: such a code exists nowhere, and asking for it would fail the others' answer.
      const askable = missing.filter((code) => !code.includes('\0'));
      const rows = await this.db.query<{ id: number; code: string }>(`select id, code from ${this.table} where code = any($1::text[])`, [askable]);
      return new Map(rows.map((row) => [row.code, row.id]));
    });
  }

  codes(ids: Iterable<number>): Promise<Map<number, string>> {
    return this.byId.get(ids, async (missing) => {
      const rows = await this.db.query<{ id: number; code: string }>(`select id, code from ${this.table} where id = any($1::int[])`, [missing]);
      return new Map(rows.map((row) => [row.id, row.code]));
    });
  }
}
