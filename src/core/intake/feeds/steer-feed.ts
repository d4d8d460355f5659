import type { FeedDeclaration } from '@crossdock/connector-sdk';
import { Injectable } from '@nestjs/common';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import type { Connection } from '../../connector/connection.js';
import { HubError } from '../../errors/index.js';
import { WakeUps } from '../../orchestration/wake-ups.js';
import type { FeedName } from './feed-leases.js';
import { FEEDS_TOPIC } from './feed-poller.js';
import { FeedStore } from './feed-store.js';

export interface DeclaredFeed {
  readonly connection: Connection;
  readonly feed: FeedDeclaration;
}

/** What a person does with a feed from day to day. Everything may be repeated. */
@Injectable()
export class SteerFeed {
  constructor(
    private readonly store: FeedStore,
    private readonly connections: ConnectionDirectory,
    private readonly wakeUps: WakeUps,
  ) {}

  /** @throws HubError CONNECTION_NOT_FOUND, PLUGIN_UNAVAILABLE, NOT_FOUND */
  async find(connectionId: string, name: string): Promise<DeclaredFeed> {
    const connection = await this.connection(connectionId);
    const feed = connection.manifest.capabilities.sources?.feeds.find((one) => one.name === name);
    if (!feed) throw new HubError('NOT_FOUND', { detail: `Connection '${connection.id}' has no feed of that name.` });
    return { connection, feed };
  }

  /** @throws HubError CONNECTION_NOT_FOUND, PLUGIN_UNAVAILABLE */
  async connection(id: string): Promise<Connection> {
    const connection = await this.connections.byId(id);
    if (!connection) throw new HubError('CONNECTION_NOT_FOUND', { detail: `There is no connection '${id.slice(0, 100)}'.` });
    return connection;
  }

  /** Polls it as soon as a worker is free, in whatever pause it is. @throws HubError CONNECTION_DISABLED; CONFLICT when it is paused. */
  async pollNow(feed: DeclaredFeed): Promise<void> {
    if (!feed.connection.enabled) throw new HubError('CONNECTION_DISABLED', { detail: `The connection '${feed.connection.id}' is switched off.` });
    if (!(await this.store.ask(nameOf(feed)))) throw new HubError('CONFLICT', { detail: 'The feed is paused: resume it first.' });
    this.wakeUps.ring(FEEDS_TOPIC);
  }

  /** A page that is under way is still stored. */
  pause(feed: DeclaredFeed): Promise<void> {
    return this.store.setPaused(nameOf(feed), true);
  }

  async resume(feed: DeclaredFeed): Promise<void> {
    await this.store.setPaused(nameOf(feed), false);
    this.wakeUps.ring(FEEDS_TOPIC);
  }

  async setPace(feed: DeclaredFeed, everySeconds: number | null): Promise<void> {
    await this.store.setPace(nameOf(feed), everySeconds, everySeconds ?? feed.feed.everySeconds);
    this.wakeUps.ring(FEEDS_TOPIC);
  }
}

export function nameOf({ connection, feed }: DeclaredFeed): FeedName {
  return { sourceId: connection.sourceId, name: feed.name };
}
