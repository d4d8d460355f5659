import { ConnectionDirectory } from '../../../src/core/connector/connection-directory.js';
import { PluginHost } from '../../../src/core/connector/plugin-host.js';
import { FeedLeases } from '../../../src/core/intake/feeds/feed-leases.js';
import { FeedMetrics } from '../../../src/core/intake/feeds/feed-metrics.js';
import { FeedPoller } from '../../../src/core/intake/feeds/feed-poller.js';
import { InboxConsumer } from '../../../src/core/intake/inbox.consumer.js';
import { PollFeed } from '../../../src/core/intake/feeds/poll-feed.js';
import type { WakeUps } from '../../../src/core/orchestration/wake-ups.js';
import type { Database } from '../../../src/core/persistence/database.js';
import type { TestApp } from '../app.js';
import { startFeedsApp, type FeedsApp } from './feeds-app.js';

/** A hub with one connection, `printer`, in which nothing polls or reads by itself: only what the test starts, and kills, works. */
export async function startFeedsAtRest(): Promise<{ readonly hub: FeedsApp; readonly source: number }> {
  const hub = await startFeedsApp();
  await hub.app.get(FeedPoller).onModuleDestroy();
  await hub.app.get(InboxConsumer).onModuleDestroy();
  const source = await hub.printer('printer', { enabled: false });
  await hub.admin('POST', '/connections/printer/enable');
  return { hub, source };
}

/** A poller as another replica has it, on a database of its own choice; nothing rings it but the test. */
export function pollerOn({ app }: TestApp, database: Database, host: PluginHost = app.get(PluginHost)): FeedPoller {
  const wakeUps = { on: () => undefined, ring: () => undefined } as unknown as WakeUps;
  const connections = app.get(ConnectionDirectory);
  const leases = new FeedLeases(database);
  return new FeedPoller(leases, new PollFeed(leases, host, connections, app.get(FeedMetrics), wakeUps), connections, wakeUps);
}

/** One look at what is due, and everything that comes of it. */
export async function pollOnce(poller: FeedPoller): Promise<void> {
  await poller.lend().catch(() => undefined);
  await poller.idle();
}
