import pg from 'pg';
import { until } from './office.js';

/** Somebody who holds the row of a book, so that whoever settles it stands still in the middle of his transaction. */
export class RowLock {
  private constructor(private readonly client: pg.Client) {}

  static async on(databaseUrl: string, connection: string): Promise<RowLock> {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query('begin');
    await client.query('select from inventory.posting_book where source_id = (select source_id from connector.connection where id = $1) for update', [connection]);
    return new RowLock(client);
  }

  async waitedFor(): Promise<void> {
    await until('a book is settled', async () => {
      // What a transaction has seen of the statistics once it goes on seeing.
      await this.client.query('select pg_stat_clear_snapshot()');
      const { rowCount } = await this.client.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'update inventory.posting_book set cursor_tx%'`);
      return rowCount === 1;
    });
  }

  async release(): Promise<void> {
    await this.client.end();
  }
}
