import { randomUUID } from 'node:crypto';
import type { FeedDeclaration, FeedPage } from '@crossdock/connector-sdk';
import { Injectable, Logger } from '@nestjs/common';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import type { Connection } from '../../connector/connection.js';
import { PluginHost } from '../../connector/plugin-host.js';
import { HubError } from '../../errors/index.js';
import { withCorrelation } from '../../observability/correlation.js';
import { WakeUps } from '../../orchestration/wake-ups.js';
import { INTAKE_TOPIC, type Arrival } from '../inbox.js';
import { FeedLeases, type FeedClaim, type Keeping } from './feed-leases.js';
import { FeedMetrics } from './feed-metrics.js';
import { judgeFailure } from './judge-failure.js';
import { recordKey } from '../record-key.js';

/** A feed with much to tell gives way to others after so long; it is due again at once. */
const TURN_MS = 10_000;
/** A pace is spread by so much in either direction, so that feeds that began together do not stay together. */
const SPREAD = 0.1;

/** One turn of one feed: page after page into the inbox, until there is nothing more for now. */
@Injectable()
export class PollFeed {
  private readonly logger = new Logger(PollFeed.name);

  constructor(
    private readonly leases: FeedLeases,
    private readonly host: PluginHost,
    private readonly connections: ConnectionDirectory,
    private readonly metrics: FeedMetrics,
    private readonly wakeUps: WakeUps,
  ) {}

  /**
   * Resolves when the feed has been given back, or lost to another. Repeating a turn is harmless: what was stored is
   * known by its key. Throws when the database fails; then the feed is still lent, and a page is stored whole or not at all.
   * @param ending whether this process is stopping: then no further page is begun.
   */
  async run(claim: FeedClaim, ending: () => boolean): Promise<void> {
    const startedAt = performance.now();
    for (let lent = claim; ;) {
      const connection = await this.connections.bySource(claim.sourceId).catch(() => undefined);
      const feed = connection?.manifest.capabilities.sources?.feeds.find(({ name }) => name === claim.name);
      if (!connection?.enabled || !feed) return this.leases.abandon([lent]);
      const askedAt = performance.now();
      const correlation = randomUUID();
      const page = await withCorrelation(correlation, () => this.ask(connection, feed, lent, ending));
      if (!page) return;
      const stay = !ending() && performance.now() - startedAt < TURN_MS;
      const keeping = await this.keep(lent, page, { connection, feed, correlation, askedAt, stay });
      if (keeping.kind === 'lost' || !keeping.goesOn) return;
      lent = { ...lent, cursor: page.nextCursor, failures: 0, pauseMs: 0 };
    }
  }

  /** Undefined when it failed, which is written down then. */
  private async ask(connection: Connection, feed: FeedDeclaration, claim: FeedClaim, ending: () => boolean): Promise<FeedPage | undefined> {
    try {
      const page = await this.host.pollFeed(connection, { feed: feed.name, cursor: claim.cursor, limit: feed.limit });
      if (page.hasMore && page.nextCursor === claim.cursor) throw standsStill(connection, feed);
      return page;
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      this.metrics.polled(connection.plugin, error.code);
      // A stop cuts calls off, which says nothing of the feed.
      if (error.code === 'CONNECTION_DISABLED' || ending()) await this.leases.abandon([claim]);
      else await this.giveUp(connection, claim, error);
      return undefined;
    }
  }

  private async giveUp(connection: Connection, claim: FeedClaim, error: HubError): Promise<void> {
    const failure = judgeFailure(error, claim.pauseMs);
    if (claim.failures === 0) this.logger.warn(`Feed '${claim.name}' of connection '${connection.id}' waits ${failure.pauseMs} ms: ${failure.error}`);
    await this.leases.fail(claim, failure);
  }

  private async keep(
    claim: FeedClaim, page: FeedPage, turn: { connection: Connection; feed: FeedDeclaration; correlation: string; askedAt: number; stay: boolean },
  ): Promise<Keeping> {
    const { connection: { plugin }, feed, correlation, askedAt, stay } = turn;
    const arrivals = page.records.map(({ id, topic, body }, index): Arrival => ({
      sourceId: claim.sourceId, senderKey: recordKey({ feed: feed.name, recordId: id }), topic, headers: {},
      // Each record is followed by a name of its own; what they share is the page's.
      correlationId: `${correlation}.${index + 1}`, body: Buffer.from(body, 'utf8'),
    }));
    const keeping = await this.leases.keep(claim, {
      arrivals, nextCursor: page.nextCursor, hasMore: page.hasMore, stay,
      paceMs: Math.round((claim.everySeconds ?? feed.everySeconds) * 1_000 * (1 + SPREAD * (2 * Math.random() - 1))),
      tookMs: Math.round(performance.now() - askedAt), lastRecordId: page.records.at(-1)?.id ?? null,
    });
    if (keeping.kind === 'lost') {
      this.logger.warn(`A page of feed '${feed.name}' of source ${claim.sourceId} came too late and was not stored: the feed is another's by now, or was reset.`);
      this.metrics.polled(plugin, 'lost');
      return keeping;
    }
    this.metrics.polled(plugin, arrivals.length > 0 ? 'records' : 'empty');
    this.metrics.stored(plugin, { arrived: arrivals.length, fresh: keeping.fresh, seconds: (performance.now() - askedAt) / 1_000 });
    if (keeping.fresh > 0) this.wakeUps.ring(INTAKE_TOPIC);
    return keeping;
  }
}

/** Taken at its word, such a page would be asked for without a pause, for ever. */
function standsStill({ plugin }: Connection, { name }: FeedDeclaration): HubError {
  return new HubError('PLUGIN_FAILED', { detail: `The plugin '${plugin}' says that feed '${name}' has more, and its cursor stands still.`, facts: { kind: 'plugin_bug', plugin } });
}
