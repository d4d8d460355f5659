/**
 * Signed webhooks over HTTP: verified, committed and answered, while the same hub reads and applies them:
 * `npm run bench -- webhooks [--sockets 32] [--shops 4] [--bytes 2000] [--seconds 5] [--rounds 3]`. Orders of two lines come
 * in for the built-in Shopify connector; each differs, and is signed before the clock starts. Afterwards it waits until
 * the inbox is empty and compares the ledger with what was answered 202: the rate of both together is printed as well.
 */
import pg from 'pg';
import { startBenchHub, type BenchHub } from './stage/hub.js';
import { median, option, perSecond, say, verdict } from './stage/measure.js';
import { cpuSeconds } from './stage/cpu-time.js';
import { signedLoad, type SignedLoadResult } from './stage/signed-load.js';

const sockets = option('sockets', 32);
const shops = option('shops', 4);
const bytes = option('bytes', 2_000);
const seconds = option('seconds', 5);
const rounds = option('rounds', 3);
const SKUS = 2_000;
const SECRET = 'bench-webhook-secret';
/** More than any round can send: it ends by time. */
const MOST_A_SECOND = 12_000;

const names = Array.from({ length: shops }, (_, index) => `shop-${index + 1}`);

async function prepare(hub: BenchHub): Promise<void> {
  await hub.call('PUT', '/api/v1/locations/dc', { name: 'dc', type: 'warehouse' }, hub.key);
  const answer = await fetch(`${hub.url}/api/v1/items/bulk`, {
    method: 'POST', headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${hub.key}` },
    body: Array.from({ length: SKUS }, (_, n) => JSON.stringify({ id: `sku-${n}`, name: `sku-${n}` })).join('\n'),
  });
  if (!answer.ok) throw new Error(await answer.text());
  await answer.text();
  for (const name of names) {
    const config = { shopUrl: `https://${name}.example`, locationId: '1' };
    await hub.call('POST', '/admin/v1/connections', { id: name, plugin: 'shopify', name, config, credentials: { accessToken: 'bench', webhookSecret: SECRET }, matchItemsBy: 'sku' }, hub.adminToken);
    await hub.call('PUT', `/admin/v1/connections/${name}/cross-references`, { references: [{ entity: 'location', type: 'location', externalId: '1', canonicalId: 'dc' }] }, hub.adminToken);
  }
}

async function round(hub: BenchHub, database: pg.Client, warmUpMs: number): Promise<SignedLoadResult & { emptyAfterMs: number; drained: number }> {
  const counted = async (sql: string): Promise<number> => Number((await database.query<{ count: string }>(sql)).rows[0]?.count);
  const before = await counted('select count(*) as count from inventory.movement');
  const [server] = (await database.query<{ pid: number }>(`select (string_to_array(pg_read_file('postmaster.pid'), E'\n'))[1]::int as pid`)).rows;
  const used = (): { hub: number; connector: number; postgres: number } => {
    const [own, postgres] = [cpuSeconds(hub.pid), cpuSeconds(server?.pid ?? 0)];
    return { hub: own.own, connector: own.below, postgres: postgres.own + postgres.below };
  };
  const usedBefore = used();
  const started = performance.now();
  const result = await signedLoad({
    port: Number(new URL(hub.url).port), paths: names.map((name) => `/webhooks/${name}`), secret: SECRET, sockets, bytes, skus: SKUS,
    mostRequests: (seconds + warmUpMs / 1_000) * MOST_A_SECOND, warmUpMs, measureMs: seconds * 1_000,
  });
  const endedAt = performance.now();
  const backlog = await counted('select count(*) as count from intake.pending');
  while ((await counted('select count(*) as count from intake.pending')) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  const emptyAt = performance.now();
  const accepted = result.statuses['202'] ?? 0;
  const applied = (await counted('select count(*) as count from inventory.movement')) - before;
  const refused = Object.entries(result.statuses).filter(([status]) => status !== '202');
  if (refused.length > 0) say(`  also answered: ${refused.map(([status, count]) => `${count} x ${status}`).join(', ')}`);
  if (applied !== accepted * 2) throw new Error(`${accepted} orders of two lines were accepted, and ${applied} movements recorded`);
  say(`  ${perSecond(result.perSecond)}  p50 ${result.p50Ms.toFixed(1)} ms  p99 ${result.p99Ms.toFixed(1)} ms  longest ${result.mostMs.toFixed(0)} ms; ${backlog} waited at the end, gone after ${((emptyAt - endedAt) / 1_000).toFixed(1)} s; every line is in the ledger once`);
  const usedAfter = used();
  const each = (part: keyof typeof usedAfter): string => `${((usedAfter[part] - usedBefore[part]) / accepted * 1e6).toFixed(0)} us ${part}`;
  say(`  processor time a delivery, received and applied: ${each('hub')}, ${each('connector')}, ${each('postgres')}`);
  return { ...result, emptyAfterMs: emptyAt - endedAt, drained: (accepted / (emptyAt - started)) * 1_000 };
}

say(`webhooks: signed orders of ${bytes} bytes over ${sockets} sockets to ${shops} Shopify connections, ${rounds} rounds of ${seconds} s`);
const hub = await startBenchHub();
const database = new pg.Client({ connectionString: hub.databaseUrl });
await database.connect();
try {
  await prepare(hub);
  await database.query('vacuum analyze');
  const results: Awaited<ReturnType<typeof round>>[] = [];
  for (let index = 0; index < rounds; index += 1) results.push(await round(hub, database, 1_000));
  const middle = (pick: (result: (typeof results)[number]) => number): number => median(results.map(pick));
  say(`medians: ${perSecond(middle(({ perSecond: rate }) => rate))}, p50 ${middle(({ p50Ms }) => p50Ms).toFixed(1)} ms, p99 ${middle(({ p99Ms }) => p99Ms).toFixed(1)} ms; received, read and applied: ${perSecond(middle(({ drained }) => drained))}`);
  verdict('signed webhooks verified and committed, a second', middle(({ perSecond: rate }) => rate), 3_000, 0);
  verdict('60 ms / p99 of their answers', 60 / middle(({ p99Ms }) => p99Ms), 1);
} finally {
  await database.end();
  await hub.stop();
}
