import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { ScriptedFeed, type Asked, type ScriptedRecord } from '../support/feeds/scripted-feed.js';
import { startHub, type Hub } from '../support/hub.js';
import { moved } from '../support/intake.js';
import { buildPlugins, type PluginBuild } from '../support/plugins.js';

let plugins: PluginBuild;
let database: TestDatabase;
let dataDir: string;
let outside: ScriptedFeed;
let hubs: Hub[];

const start = async (): Promise<Hub> => {
  const hub = await startHub({ databaseUrl: database.url, dataDir, env: { CROSSDOCK_PLUGINS_DIR: plugins.folders.further ?? '', CROSSDOCK_LOG_LEVEL: 'warn' } });
  hubs.push(hub);
  return hub;
};
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  plugins = await buildPlugins('teleprinter');
});
afterAll(() => plugins.remove());

beforeEach(async () => {
  hubs = [];
  [database, dataDir, outside] = await Promise.all([createTestDatabase(), mkdtemp(join(tmpdir(), 'crossdock-feed-kill-')), ScriptedFeed.start()]);
}, 90_000);

afterEach(async () => {
  for (const hub of hubs) await hub.dispose();
  await outside.stop();
  await Promise.all([database.drop(), rm(dataDir, { recursive: true, force: true })]);
}, 60_000);

/** A hub that knows item A and store-1 and is connected to the server, which has `count` records of 3 units each to tell. */
async function connected(count: number): Promise<Hub> {
  const hub = await start();
  const client = await hub.api<{ key: string }>('POST', '/admin/v1/clients', { name: 'test', scopes: ['catalog:write'] });
  await hub.api('PUT', '/api/v1/items/A', { name: 'A' }, { token: client.body.key });
  await hub.api('PUT', '/api/v1/locations/store-1', { name: 'store-1', type: 'store' }, { token: client.body.key });
  outside.add('moves', ...Array.from({ length: count }, (_, n): ScriptedRecord => ({ id: `r${n}`, events: [moved({ eventId: `move-${n}`, quantity: 3 })] })));
  const made = await hub.api('POST', '/admin/v1/connections', {
    id: 'erp', plugin: 'teleprinter', name: 'ERP', config: { host: outside.host }, allowPrivateNetwork: true, enabled: false, credentials: { webhookSecret: 'a secret of the ERP' },
  });
  expect(made.status).toBe(201);
  const references = [{ entity: 'item', type: 'sku-of-tape', externalId: 'A', canonicalId: 'A' }, { entity: 'location', type: 'place', externalId: 'store-1', canonicalId: 'store-1' }];
  await hub.api('PUT', '/admin/v1/connections/erp/cross-references', { references });
  return hub;
}

/** Holds back the answer to the next question until the test says so. */
function gate(): { asked: Promise<Asked>; open: () => void } {
  const open = Promise.withResolvers<undefined>();
  const asked = Promise.withResolvers<Asked>();
  outside.instead.push(async (given) => {
    if (given.feed === 'moves') asked.resolve(given);
    await open.promise;
    return outside.page(given);
  });
  return { asked: asked.promise, open: () => open.resolve(undefined) };
}

/** A lease of the killed or stopped runs for ten seconds; a test need not. */
async function leasesEnd(): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`update intake.feed set claimed_until = '-infinity'; update intake.lane set claimed_until = '-infinity'`);
  await client.end();
}

async function expectAll(hub: Hub, count: number): Promise<void> {
  await expect.poll(async () => (await hub.api<{ items: { onHand: number }[] }>('GET', '/api/v1/stock-levels?item=A')).body.items[0]?.onHand, { timeout: 30_000 }).toBe(3 * count);
  const { items } = (await hub.api<{ items: { senderKey: string; state: string }[] }>('GET', '/admin/v1/deliveries?connection=erp&limit=500')).body;
  expect(items.map(({ senderKey }) => senderKey).toReversed()).toEqual(Array.from({ length: count }, (_, n) => `feed:moves:r${n}`));
  const feed = await hub.api('GET', '/admin/v1/connections/erp/feeds/moves');
  expect(feed.body).toMatchObject({ state: 'current', recordsNew: count, cursor: String(count), lastPage: { hasMore: false } });
}

it('loses nothing and doubles nothing when it is killed in the middle of a page, and again while pages come in', async () => {
  const hub = await connected(240);
  // The feed of counts has nothing to tell, and must not take the gate.
  await hub.api('POST', '/admin/v1/connections/erp/feeds/counts/pause');
  outside.instead.push((asked) => outside.page(asked), (asked) => outside.page(asked));
  const { asked, open } = gate();
  await hub.api('POST', '/admin/v1/connections/erp/enable');
  expect(await asked).toMatchObject({ feed: 'moves', cursor: '20' });
  await hub.kill();
  open();
  await leasesEnd();
  const before = outside.asked.length;
  const second = await start();
  await expect.poll(() => outside.asked.length, { timeout: 20_000 }).toBeGreaterThan(before);
  await pause(Math.random() * 40);
  await second.kill();
  await leasesEnd();
  await expectAll(await start(), 240);
}, 120_000);

it('refuses the page of a hub that was stopped while another took its feed', async () => {
  const stopped = await connected(12);
  await stopped.api('POST', '/admin/v1/connections/erp/feeds/counts/pause');
  const { asked, open } = gate();
  await stopped.api('POST', '/admin/v1/connections/erp/enable');
  await asked;
  process.kill(stopped.pid, 'SIGSTOP');
  try {
    await leasesEnd();
    const other = await start();
    await expectAll(other, 12);
    open();
    process.kill(stopped.pid, 'SIGCONT');
    await expect.poll(() => stopped.log(), { timeout: 20_000 }).toContain('came too late and was not stored');
    await expectAll(other, 12);
    const feed = await other.api('GET', '/admin/v1/connections/erp/feeds/moves');
    expect(feed.body).toMatchObject({ recordsRepeated: 0, polls: 2 });
  } finally {
    process.kill(stopped.pid, 'SIGCONT');
  }
}, 120_000);
