import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CanonicalEvent } from '@crossdock/connector-sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startHub, type Hub } from '../support/hub.js';
import { moved, SECRET, sign } from '../support/intake.js';
import { buildPlugins, type PluginBuild } from '../support/plugins.js';

let database: TestDatabase;
let plugins: PluginBuild;
let dataDir: string;
let hub: Hub;

const start = async (): Promise<Hub> => startHub({ databaseUrl: database.url, dataDir, env: { CROSSDOCK_PLUGINS_DIR: plugins.folders.further ?? '' } });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  [database, plugins, dataDir] = await Promise.all([createTestDatabase(), buildPlugins('tape'), mkdtemp(join(tmpdir(), 'crossdock-kill-'))]);
  hub = await start();
  const client = await hub.api<{ key: string }>('POST', '/admin/v1/clients', { name: 'test', scopes: ['catalog:write', 'stock:read'] });
  await hub.api('PUT', '/api/v1/items/A', { name: 'A' }, { token: client.body.key });
  await hub.api('PUT', '/api/v1/locations/store-1', { name: 'store-1', type: 'store' }, { token: client.body.key });
  for (const id of ['shop-1', 'shop-2']) {
    await hub.api('POST', '/admin/v1/connections', { id, plugin: 'tape', name: id, config: {}, credentials: { webhookSecret: SECRET } });
    const references = [{ entity: 'item', type: 'sku-of-tape', externalId: 'A', canonicalId: 'A' }, { entity: 'location', type: 'place', externalId: 'store-1', canonicalId: 'store-1' }];
    await hub.api('PUT', `/admin/v1/connections/${id}/cross-references`, { references });
  }
}, 90_000);

afterAll(async () => {
  await hub.kill();
  await hub.dispose();
  await Promise.all([database.drop(), plugins.remove(), rm(dataDir, { recursive: true, force: true })]);
});

/** Sends as outside systems do: the same delivery again until it is answered 202, and now and then once more. */
async function insist(connection: string, id: string, events: readonly CanonicalEvent[]): Promise<void> {
  const body = JSON.stringify({ events });
  const headers = { 'content-type': 'application/json', 'x-tape-delivery': id, 'x-tape-topic': 'stock', 'x-tape-hmac': sign(Buffer.from(body)) };
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    const status = await hub.api('POST', `/webhooks/${connection}`, body, { token: null, headers }).then((answer) => answer.status, () => 0);
    if (status === 202) return;
    await pause(20);
  }
  throw new Error(`delivery ${id} was never accepted`);
}

it('loses nothing and doubles nothing when it is killed while webhooks come in', async () => {
  const deliveries = Array.from({ length: 600 }, (_, n) => ({ connection: `shop-${1 + (n % 2)}`, id: `d-${n}`, events: [moved({ eventId: `order-${n}`, quantity: 1 + (n % 7) })] }));
  const expected = deliveries.reduce((sum, { events }) => sum + (events[0]?.quantity ?? 0), 0);
  const queue = deliveries.flatMap((delivery, n) => (n % 10 === 0 ? [delivery, delivery] : [delivery]));
  const senders = Array.from({ length: 6 }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      await insist(next.connection, next.id, next.events);
      await pause(5);
    }
  });
  for (let kills = 0; kills < 2; kills += 1) {
    await pause(150 + Math.random() * 300);
    await hub.kill();
    hub = await start();
  }
  await Promise.all(senders);
  // A lease of the killed may run for ten seconds.
  const pending = async (): Promise<number> => ((await hub.api<{ items: unknown[] }>('GET', '/admin/v1/deliveries?state=pending')).body.items.length);
  for (const deadline = Date.now() + 30_000; (await pending()) > 0 && Date.now() < deadline;) await pause(100);
  const states = await hub.api<{ items: { state: string }[] }>('GET', '/admin/v1/deliveries?limit=500');
  expect(new Set(states.body.items.map(({ state }) => state))).toEqual(new Set(['done']));
  const levels = await hub.api<{ items: { item: string; location: string; onHand: number }[] }>('GET', '/api/v1/stock-levels?item=A');
  expect(levels.body.items).toMatchObject([{ item: 'A', location: 'store-1', onHand: expected }]);
}, 120_000);
