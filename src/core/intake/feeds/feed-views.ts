import type { FeedDeclaration } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import type { Connection } from '../../connector/connection.js';
import type { FeedAnswer, FeedOfConnectionAnswer, FeedState, SavedCursorAnswer } from './feed.dto.js';
import { FeedStore, type FeedRow, type SavedCursorRow } from './feed-store.js';
import type { DeclaredFeed } from './steer-feed.js';

/** What is shown of a cursor, which can be 8 KB long. */
const MOST_SHOWN_CHARS = 200;

/** Feeds as an admin sees them: what the manifest declares, and where each stands. */
@Injectable()
export class FeedViews {
  constructor(private readonly store: FeedStore) {}

  /** In the manifest's order; a feed that was never polled is there too. */
  async all(connection: Connection): Promise<FeedAnswer[]> {
    const rows = new Map((await this.store.rows(connection.sourceId)).map((row) => [row.name, row]));
    return (connection.manifest.capabilities.sources?.feeds ?? []).map((feed) => answer(connection, feed, rows.get(feed.name)));
  }

  /** Of all these connections, by their ids and the feeds' names: an order that no upgrade of a connector changes. */
  async everywhere(connections: readonly Connection[]): Promise<FeedOfConnectionAnswer[]> {
    const rows = new Map((await this.store.everywhere()).map((row) => [`${row.sourceId} ${row.name}`, row]));
    return connections
      .flatMap((connection) => (connection.manifest.capabilities.sources?.feeds ?? []).map((feed) => ({ connection: connection.id, ...answer(connection, feed, rows.get(`${connection.sourceId} ${feed.name}`)) })))
      .sort((a, b) => compareText(a.connection, b.connection) || compareText(a.name, b.name));
  }

  async one({ connection, feed }: DeclaredFeed): Promise<FeedAnswer> {
    const row = (await this.store.rows(connection.sourceId)).find(({ name }) => name === feed.name);
    return answer(connection, feed, row);
  }
}

/** By code points of ASCII, of which ids and names are made. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function savedCursorAnswer({ id, cursor, savedAt }: SavedCursorRow): SavedCursorAnswer {
  return { id: String(id), cursor: cursor.slice(0, MOST_SHOWN_CHARS), savedAt };
}

function stateOf(connection: Connection, row: FeedRow | undefined): FeedState {
  if (!connection.enabled) return 'off';
  if (row?.paused) return 'paused';
  if (row?.refused) return 'refused';
  if (row && row.failures > 0) return 'failing';
  if (row?.heldBack) return 'held-back';
  return row?.caughtUpAt && row.pageMore !== true ? 'current' : 'catching-up';
}

function answer(connection: Connection, { name, title, topics, everySeconds }: FeedDeclaration, row: FeedRow | undefined): FeedAnswer {
  const state = stateOf(connection, row);
  return {
    name, title, topics, state,
    polling: row?.polling ?? false,
    everySeconds: row?.everySeconds ?? everySeconds,
    declaredEverySeconds: everySeconds,
    dueAt: state === 'off' || state === 'paused' ? null : (row?.dueAt ?? null),
    cursor: row?.cursor?.slice(0, MOST_SHOWN_CHARS) ?? null,
    cursorAt: row?.cursorAt ?? null,
    lagSeconds: row?.lagSeconds ?? null,
    lastPolledAt: row?.lastPolledAt ?? null,
    lastSuccessAt: row?.lastSuccessAt ?? null,
    lastPage: row?.lastSuccessAt && row.pageRecords !== null ? { at: row.lastSuccessAt, records: row.pageRecords, lastRecordId: row.pageLastRecord, hasMore: row.pageMore } : null,
    failures: row?.failures ?? 0,
    failingSince: row?.failingSince ?? null,
    lastError: row?.lastErrorAt && row.lastErrorCode !== null ? { code: row.lastErrorCode, detail: row.lastError ?? '', at: row.lastErrorAt } : null,
    polls: row?.polls ?? 0,
    recordsNew: row?.freshRecords ?? 0,
    recordsRepeated: row?.repeatedRecords ?? 0,
  };
}
