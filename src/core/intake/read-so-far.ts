import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Connection } from '../connector/connection.js';
import { Database } from '../persistence/database.js';

type Cursors = Readonly<Record<string, string | null>>;

interface FeedRow {
  readonly name: string;
  readonly cursor: string;
  readonly settled: boolean;
}

/**
 * What was just booked is told to channels at once, a moment before its delivery leaves the queue: a short wait for that
 * moment spares a figure that takes the same sale into account twice.
 */
const WAIT_MS = 200;
const LOOK_EVERY_MS = 20;

/** Up to where the feeds of a connection have been read and booked: what a figure that is published there is sure to hold. */
@Injectable()
export class ReadSoFar {
  /** The last answer for each connection that was one. It stays true for ever, since what was booked stays booked. */
  private readonly known = new Map<number, Cursors>();

  constructor(private readonly database: Database) {}

  /**
   * By feed: a cursor whose page, and all before, was booked by the time of this call; null where that cannot be told,
   * because deliveries have been waiting since this process began. A feed that was not polled yet is missing.
   */
  async feeds({ sourceId, manifest }: Connection): Promise<Cursors> {
    if (!manifest.capabilities.sources) return {};
    let rows = await this.rows(sourceId);
    for (let waitedMs = 0; !isSettled(rows) && waitedMs < WAIT_MS; waitedMs += LOOK_EVERY_MS) {
      await setTimeout(LOOK_EVERY_MS);
      rows = await this.rows(sourceId);
    }
    if (isSettled(rows)) this.known.set(sourceId, Object.fromEntries(rows.map(({ name, cursor }) => [name, cursor])));
    const known = this.known.get(sourceId);
    return Object.fromEntries(rows.map(({ name }) => [name, known?.[name] ?? null]));
  }

  /** One statement and so one snapshot: a delivery leaves the queue once it has been booked, and a page enters it with its cursor. */
  private rows(sourceId: number): Promise<FeedRow[]> {
    return this.database.query<FeedRow>(
      `select name, cursor, not exists (select from intake.pending p where p.source_id = $1) as settled
         from intake.feed where source_id = $1 and cursor is not null`,
      [sourceId],
    );
  }
}

function isSettled(rows: readonly FeedRow[]): boolean {
  return rows.every(({ settled }) => settled);
}
