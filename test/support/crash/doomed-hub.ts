import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../database.js';
import { startHub, type Hub } from '../hub.js';
import { killWhereItStands, shiftClock, standStillAt } from './stand-still.js';

/** A hub process on a database of its own, anew for each test, that is killed and started again. */
export class DoomedHub {
  /** The process that runs at the moment. */
  hub!: Hub;
  /** A connection of the test's own to its database. */
  sql!: pg.Client;
  private database!: TestDatabase;
  private dataDir!: string;

  constructor() {
    beforeEach(async () => {
      [this.database, this.dataDir] = await Promise.all([createTestDatabase(), mkdtemp(join(tmpdir(), 'crossdock-doomed-'))]);
      await this.start();
      this.sql = new pg.Client({ connectionString: this.database.url });
      await this.sql.connect();
    });
    afterEach(async () => {
      await this.hub.kill();
      await this.hub.dispose();
      await this.sql.end();
      await Promise.all([this.database.drop(), rm(this.dataDir, { recursive: true, force: true })]);
    });
  }

  standStillAt(event: string): Promise<void> {
    return standStillAt(this.sql, event);
  }

  killWhereItStands(): Promise<void> {
    return killWhereItStands(this.sql, () => this.hub.kill());
  }

  /** Starts it again at a moment that is so much later by the database's clock. */
  async startLater(by: string): Promise<void> {
    await shiftClock(this.sql, by);
    await this.start();
  }

  private async start(): Promise<void> {
    this.hub = await startHub({ databaseUrl: this.database.url, dataDir: this.dataDir });
  }
}
