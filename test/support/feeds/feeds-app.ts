import { FeedPoller } from '../../../src/core/intake/feeds/feed-poller.js';
import { ConnectionDirectory } from '../../../src/core/connector/connection-directory.js';
import { WakeUps } from '../../../src/core/orchestration/wake-ups.js';
import type { Answer } from '../app.js';
import { SECRET, startIntakeApp, type IntakeApp } from '../intake.js';
import { ScriptedFeed } from './scripted-feed.js';

/** The intake with connections that poll a server of the test. */
export interface FeedsApp extends IntakeApp {
  readonly outside: ScriptedFeed;
  /** Connects the teleprinter to the server; it knows items and places as they are called here. Answers the number of its source. */
  printer(id: string, wish?: { readonly enabled?: boolean; readonly config?: object }): Promise<number>;
  /** Makes a feed due and resolves when it and the inbox have nothing more to do. */
  turn(id: string, feed?: string): Promise<void>;
  /** Where a feed stands, by the admin API. */
  standing(id: string, feed?: string): Promise<Record<string, unknown>>;
  steer(id: string, what: 'poll' | 'pause' | 'resume' | 'reset', body?: object, feed?: string): Promise<Answer>;
  /** Resolves when no feed that is due is left and the inbox is empty. */
  still(): Promise<void>;
  /** Keys of what is stored of a source, in order. */
  stored(sourceId: number): Promise<string[]>;
}

export async function startFeedsApp(): Promise<FeedsApp> {
  const [hub, outside] = await Promise.all([startIntakeApp({}, 'teleprinter'), ScriptedFeed.start()]);
  const poller = hub.app.get(FeedPoller);
  const wakeUps = hub.app.get(WakeUps);
  const still: FeedsApp['still'] = async () => {
    for (;;) {
      await wakeUps.idle();
      await poller.idle();
      await hub.settled();
      const [row] = await hub.db.query<{ due: number }>(`
        select count(*) as due from intake.feed f join connector.connection c using (source_id)
        where c.enabled and not f.paused and f.due_at <= intake.clock()`);
      if (row?.due === 0) return;
      wakeUps.ring('feeds');
    }
  };
  return {
    ...hub, outside, still,
    printer: async (id, { enabled = true, config = {} } = {}) => {
      const made = await hub.admin('POST', '/connections', {
        id, plugin: 'teleprinter', name: id, config: { host: outside.host, ...config }, allowPrivateNetwork: true, enabled: false, credentials: { webhookSecret: SECRET },
      });
      if (made.status !== 201) throw new Error(`no connection: ${made.text}`);
      const connection = await hub.app.get(ConnectionDirectory).byId(id);
      const sourceId = connection?.sourceId ?? 0;
      (hub.sources as Record<string, number>)[id] = sourceId;
      for (const item of ['A', 'B']) await hub.map('item', 'sku-of-tape', item, item, id);
      for (const location of ['store-1', 'store-2']) await hub.map('location', 'place', location, location, id);
      if (enabled) {
        await hub.admin('POST', `/connections/${id}/enable`);
        await wakeUps.idle();
        wakeUps.ring('feeds');
        await still();
      }
      return sourceId;
    },
    turn: async (id, feed = 'moves') => {
      await hub.db.execute(`update intake.feed set due_at = '-infinity' where source_id = $1 and name = $2`, [hub.sources[id], feed]);
      await still();
    },
    standing: async (id, feed = 'moves') => (await hub.admin('GET', `/connections/${id}/feeds/${feed}`)).body,
    steer: (id, what, body, feed = 'moves') => hub.admin('POST', `/connections/${id}/feeds/${feed}/${what}`, body),
    stored: async (sourceId) => (await hub.db.query<{ key: string }>('select sender_key as key from intake.delivery where source_id = $1 order by id', [sourceId])).map(({ key }) => key),
    stop: async () => {
      await hub.stop();
      await outside.stop();
    },
  };
}
