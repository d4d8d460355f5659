import { Injectable } from '@nestjs/common';
import { ConnectionDirectory } from '../../connector/connection-directory.js';
import type { ErrorCode } from '../../errors/index.js';
import { Metrics, type Sample } from '../../observability/metrics.js';
import { FeedStore } from './feed-store.js';

interface Standing {
  lagSeconds: number;
  failing: number;
  paused: number;
}

/** What an operator watches of feeds. Labels are plugin ids: an admin chooses them, and there are few. */
@Injectable()
export class FeedMetrics {
  private readonly polls;
  private readonly records;
  private readonly pages;

  constructor(metrics: Metrics, private readonly store: FeedStore, private readonly connections: ConnectionDirectory) {
    this.polls = metrics.counter({ name: 'crossdock_feed_polls_total', help: 'Pages asked for, by how it ended: records, empty, lost (another had the feed by then), or the error code.', labels: ['plugin', 'outcome'] });
    this.records = metrics.counter({ name: 'crossdock_feed_records_total', help: 'Records of feeds, by whether they were new.', labels: ['plugin', 'result'] });
    this.pages = metrics.histogram({ name: 'crossdock_feed_page_duration_seconds', help: 'From asking for a page to its commit.', labels: ['plugin'] });
    const standing = metrics.reading(() => this.read());
    const gauge = (name: string, help: string, pick: (standing: Standing) => number): void => {
      standing.gauge({ name, help, labels: ['plugin'] }, (byPlugin) => [...byPlugin].map(([plugin, one]): Sample<'plugin'> => [{ plugin }, pick(one)]));
    };
    gauge('crossdock_feed_lag_seconds', 'Age of the moment up to which everything is here, of the feed that is furthest behind; of one that has never had everything, since it began to be read. Paused feeds do not count.', ({ lagSeconds }) => lagSeconds);
    gauge('crossdock_feeds_failing', 'Feeds whose last poll failed.', ({ failing }) => failing);
    gauge('crossdock_feeds_paused', 'Feeds that somebody has paused.', ({ paused }) => paused);
  }

  polled(plugin: string, outcome: 'records' | 'empty' | 'lost' | ErrorCode): void {
    this.polls.inc({ plugin, outcome });
  }

  stored(plugin: string, { arrived, fresh, seconds }: { arrived: number; fresh: number; seconds: number }): void {
    if (fresh > 0) this.records.inc({ plugin, result: 'accepted' }, fresh);
    if (arrived > fresh) this.records.inc({ plugin, result: 'duplicate' }, arrived - fresh);
    this.pages.observe({ plugin }, seconds);
  }

  /** Only what is meant to be polled: a feed of a connection that is off, or that its connector dropped, lags for good. */
  private async read(): Promise<ReadonlyMap<string, Standing>> {
    const rows = new Map((await this.store.health()).map((row) => [`${row.sourceId} ${row.name}`, row]));
    const byPlugin = new Map<string, Standing>();
    for (const { sourceId, plugin, enabled, manifest } of await this.connections.all()) {
      for (const { name } of (enabled && manifest.capabilities.sources?.feeds) || []) {
        const { lagSeconds = 0, failures = 0, paused = false } = rows.get(`${sourceId} ${name}`) ?? {};
        const standing = byPlugin.get(plugin) ?? { lagSeconds: 0, failing: 0, paused: 0 };
        byPlugin.set(plugin, standing);
        if (paused) standing.paused += 1;
        else standing.lagSeconds = Math.max(standing.lagSeconds, lagSeconds);
        if (failures > 0) standing.failing += 1;
      }
    }
    return byPlugin;
  }
}
