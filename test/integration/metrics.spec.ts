import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MetricObject } from 'prom-client';
import { SCOPES } from '../../src/core/governance/access.js';
import { Metrics } from '../../src/core/observability/metrics.js';
import { Database } from '../../src/core/persistence/database.js';
import type { Settings } from '../../src/core/settings/settings.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { startWholeApp, type WholeApp } from '../support/whole-app.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');
/** What prom-client itself measures of the process; the page describes these as a family. */
const OF_NODE = /^crossdock_(process|nodejs)_/;

interface Described {
  readonly name: string;
  readonly type: string;
  readonly labels: string;
}

/** The rows of the page's tables: | `name` | type | labels | meaning | what to alert on |. */
function described(): Described[] {
  return [...PAGE.matchAll(/^\| `(crossdock_\w+)` \| (\w+) \| ([^|]*) \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, name = '', type = '', labels = '']) => ({ name, type, labels: labels.trim() }));
}

function registered(metrics: Metrics): Described[] {
  const labelsOf = (name: string): readonly string[] => (metrics.registry.getSingleMetric(name) as unknown as { labelNames: string[] }).labelNames;
  return metrics.registry.getMetricsAsArray().map((metric) => metric as unknown as MetricObject)
    .filter(({ name }) => !OF_NODE.test(name))
    .map(({ name, type }) => ({ name, type: String(type), labels: labelsOf(name).map((label) => `\`${label}\``).join(', ') || '-' }));
}

const byName = (one: Described, other: Described): number => one.name.localeCompare(other.name);

describe('the metrics of the whole hub', () => {
  let hub: WholeApp;

  beforeAll(async () => {
    hub = await startWholeApp();
  });
  afterAll(() => hub.stop());

  const scrape = async (): Promise<string> => (await hub.app.inject({ method: 'GET', url: '/metrics' })).payload;

  it('are those that docs/metrics.md lists, with their types and labels, and no others', () => {
    expect(described().sort(byName)).toEqual(registered(hub.app.get(Metrics)).sort(byName));
  });

  it('tell of the inbox, the exceptions, publication, reservations, the pool, the queue, the disk and the build', async () => {
    await hub.app.get(Database).execute(`
      with delivery as (insert into intake.delivery (id, source_id, sender_key, topic, headers, correlation_id, received_at, body) values (1, 1, 'k', 't', '{}', 'c', now() - interval '1 hour', '') returning id),
      waiting as (insert into intake.pending (source_id, delivery_id) select 1, id from delivery),
      held as (insert into intake.exception (source_id, class, cause, detail, state, automatic, waits_for, seen, held, first_at, last_at) values (1, 'UNMAPPED_ITEM', 'c', 'd', 'open', true, '{}', 3, 3, now(), now())),
      dirty as (insert into inventory.dirty (channel_id, item_id, urgency, since) values (7, 1, 0, now() - interval '1 hour'))
      insert into inventory.reservation (source_id, key, channel_id, pool_id, digest, state, expires_at, correlation_id) values (1, 'a', 7, 1, 'd', 1, now() - interval '1 hour', 'c'), (1, 'b', 7, 1, 'd', 1, now() + interval '1 hour', 'c')`);
    const text = await scrape();
    for (const line of [
      /^crossdock_intake_backlog_deliveries 1$/m, /^crossdock_intake_oldest_seconds 36\d\d/m,
      /^crossdock_intake_open_exceptions\{class="UNMAPPED_ITEM"\} 1$/m, /^crossdock_intake_held_events\{class="UNMAPPED_ITEM"\} 3$/m,
      /^crossdock_publication_backlog_figures\{channel="7"\} 1$/m, /^crossdock_publication_oldest_seconds\{channel="7"\} 36\d\d/m,
      /^crossdock_reservations_held 2$/m, /^crossdock_reservations_overdue 1$/m, /^crossdock_reservations_overdue_seconds 36\d\d/m, /^crossdock_stock_negative_accounts 0$/m,
      /^crossdock_database_connections\{state="in_use"\} \d/m, /^crossdock_database_connections_most 12$/m, /^crossdock_database_waiting \d/m,
      /^crossdock_queue_answers\{backend="postgres"\} 1$/m, /^crossdock_disk_free_bytes [1-9]/m, /^crossdock_build_info\{version="[\d.]+",role="api"\} 1$/m,
    ]) expect(text).toMatch(line);
  });

  it('share what was read among scrapes, and have no series where the database does not answer in time', async () => {
    const pool = (hub.app.get(Database).dataSource.driver as unknown as { master: { query: object; connect(): Promise<{ release(): void }>; options: { max: number } } }).master;
    const held = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
    try {
      const shared = await Promise.all([scrape(), scrape()]);
      for (const text of shared) expect(text).toMatch(/^crossdock_database_waiting \d/m);
      await expect.poll(scrape, { timeout: 15_000, interval: 250 }).not.toMatch(/^crossdock_intake_backlog_deliveries /m);
      const away = await scrape();
      expect(away).toMatch(/^# TYPE crossdock_intake_backlog_deliveries gauge$/m);
      expect(away).not.toMatch(/^crossdock_(intake_oldest_seconds|reservations_held|publication_backlog_figures)\b/m);
      expect(away).toMatch(/^crossdock_build_info/m);
      // Each subject asks once, however many scrapes wait.
      expect(Number(/^crossdock_database_waiting (\d+)$/m.exec(await scrape())?.[1])).toBeLessThanOrEqual(12);
    } finally {
      for (const client of held) client.release();
    }
    await expect.poll(scrape, { timeout: 15_000, interval: 250 }).toMatch(/^crossdock_intake_backlog_deliveries 1$/m);
  }, 40_000);
});

describe('CROSSDOCK_METRICS', () => {
  const statuses = async (metrics: Settings['metrics'], who: (hub: TestApp) => Promise<string | undefined>): Promise<number> => {
    const hub = await startTestApp([], { metrics });
    try {
      return (await hub.call('GET', '/metrics', undefined, { token: await who(hub) })).status;
    } finally {
      await hub.stop();
    }
  };

  it.each<[Settings['metrics'], string, number, (hub: TestApp) => Promise<string | undefined>]>([
    ['open', 'nobody', 200, async () => undefined],
    ['closed', 'nobody', 401, async () => undefined],
    ['closed', 'a client with every other scope', 403, (hub) => hub.client(...SCOPES.filter((scope) => scope !== 'metrics:read'))],
    ['closed', 'a client with metrics:read', 200, (hub) => hub.client('metrics:read')],
    ['closed', 'a user', 200, async (hub) => hub.adminToken],
    ['off', 'a user', 404, async (hub) => hub.adminToken],
  ])('%s answers %s with %i', async (metrics, _who, status, who) => {
    expect(await statuses(metrics, who)).toBe(status);
  });
});
