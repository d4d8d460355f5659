/**
 * From the acknowledgement of a movement to the moment at which a channel has the figure that counts it:
 * `npm run bench -- lag [--rate 1000] [--seconds 20] [--items 2000]`. Four channels behind the wall and the broker, a
 * steady rate of sales over HTTP, one sale in twenty of them selling an item out.
 */
import { startBenchChannel } from './stage/channel.js';
import { startBenchHub, type BenchHub } from './stage/hub.js';
import { option, percentile, say } from './stage/measure.js';
import { fileURLToPath } from 'node:url';

const perSecondWanted = option('rate', 1_000);
const seconds = option('seconds', 20);
const items = option('items', 2_000);
const CHANNELS = ['web', 'app', 'market-a', 'market-b'];
const CALLS_A_SECOND = 50;
const DEEP = 1_000_000;

/** Sales of one item that a channel has not been told of yet: the n-th sale is told when the figure is at most start - n. */
interface Waiting {
  readonly start: number;
  sold: number;
  readonly acknowledged: { count: number; at: number; sellOut: boolean }[];
}

class Lags {
  readonly steady: number[] = [];
  readonly sellOuts: number[] = [];
  private readonly waiting = new Map<string, Waiting>();

  constructor(private readonly stockOf: (item: string) => number) {}

  of(item: string): Waiting {
    let entry = this.waiting.get(item);
    if (!entry) this.waiting.set(item, (entry = { start: this.stockOf(item), sold: 0, acknowledged: [] }));
    return entry;
  }

  acknowledged(item: string, at: number): void {
    const entry = this.of(item);
    entry.sold += 1;
    entry.acknowledged.push({ count: entry.sold, at, sellOut: entry.sold === entry.start });
  }

  told(item: string, available: number, at: number): void {
    const entry = this.of(item);
    while (entry.acknowledged[0] && available <= entry.start - entry.acknowledged[0].count) {
      const sale = entry.acknowledged.shift() as { at: number; sellOut: boolean };
      // A figure may arrive before the acknowledgement has been read: the channel knew at once.
      (sale.sellOut ? this.sellOuts : this.steady).push(Math.max(0, at - sale.at));
    }
    this.early.set(item, Math.min(this.early.get(item) ?? Infinity, available));
  }

  private readonly early = new Map<string, number>();

  /** Sales that were told before their acknowledgement was read by us. */
  settleEarly(item: string): void {
    const lowest = this.early.get(item);
    if (lowest !== undefined) this.told(item, lowest, performance.now());
  }

  get open(): number {
    return [...this.waiting.values()].reduce((sum, entry) => sum + entry.acknowledged.length, 0);
  }
}

const deep = (n: number): string => `sku-${String(n).padStart(6, '0')}`;
const scarce = (n: number): string => `last-${String(n).padStart(6, '0')}`;

async function prepare(hub: BenchHub, scarceItems: number, urls: string[]): Promise<void> {
  const codes = [...Array.from({ length: items }, (_, n) => deep(n)), ...Array.from({ length: scarceItems }, (_, n) => scarce(n))];
  await hub.call('PUT', '/api/v1/locations/dc', { name: 'dc', type: 'warehouse' }, hub.key);
  const answer = await fetch(`${hub.url}/api/v1/items/bulk`, {
    method: 'POST', headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${hub.key}` }, body: codes.map((id) => JSON.stringify({ id, name: id })).join('\n'),
  });
  if (!answer.ok) throw new Error(await answer.text());
  await answer.text();
  for (const [index, name] of CHANNELS.entries()) {
    const connection = { id: name, plugin: 'marketplace', name, config: { baseUrl: urls[index] }, credentials: { apiKey: 'bench-api-key-000', webhookSecret: 'bench-webhook-secret' }, matchItemsBy: 'sku', allowPrivateNetwork: true };
    await hub.call('POST', '/admin/v1/connections', connection, hub.adminToken);
    await hub.call('PUT', `/api/v1/channels/${name}`, { name, locations: ['dc'], connection: name }, hub.key);
  }
  const now = new Date().toISOString();
  for (let start = 0; start < codes.length; start += 1_000) {
    const movements = codes.slice(start, start + 1_000).map((item) => ({ eventId: `opening-${item}`, kind: 'opening', item, quantity: item.startsWith('last') ? 1 : DEEP, location: 'dc', occurredAt: now }));
    await hub.call('POST', '/api/v1/stock-movements', { movements }, hub.key);
  }
}

async function sell(hub: BenchHub, lags: Lags[], total: number): Promise<void> {
  const perCall = perSecondWanted / CALLS_A_SECOND;
  const started = performance.now();
  const calls: Promise<void>[] = [];
  let soldOut = 0;
  for (let call = 0; call * perCall < total; call += 1) {
    const wait = started + (call * 1_000) / CALLS_A_SECOND - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const chosen = Array.from({ length: perCall }, (_, n) => (n % 20 === 19 ? scarce(soldOut++) : deep(Math.floor(items ** Math.random()) - 1)));
    const movements = chosen.map((item, n) => ({ eventId: `sale-${call}-${n}`, kind: 'sale', item, quantity: 1, location: 'dc', occurredAt: new Date().toISOString() }));
    calls.push(
      hub.call('POST', '/api/v1/stock-movements', { movements }, hub.key).then(() => {
        const at = performance.now();
        for (const item of chosen) for (const channel of lags) { channel.acknowledged(item, at); channel.settleEarly(item); }
      }),
    );
  }
  await Promise.all(calls);
}

const total = perSecondWanted * seconds;
const lags = CHANNELS.map(() => new Lags((item) => (item.startsWith('last') ? 1 : DEEP)));
const told = new Set<string>();
const channels = await Promise.all(CHANNELS.map((name, index) => startBenchChannel((item, available, at) => { told.add(`${name} ${item}`); lags[index]?.told(item, available, at); })));
const hub = await startBenchHub({ CROSSDOCK_PLUGINS_DIR: fileURLToPath(new URL('../lab-plugins', import.meta.url)) });
try {
  const scarceItems = Math.ceil(total / 20);
  await prepare(hub, scarceItems, channels.map((channel) => channel.url));
  const all = (items + scarceItems) * CHANNELS.length;
  while (told.size < all) await new Promise((resolve) => setTimeout(resolve, 200));
  say(`lag: ${perSecondWanted} sales/s over HTTP for ${seconds} s, ${items} items, ${CHANNELS.length} channels, from acknowledgement to the channel's new figure`);
  await sell(hub, lags, total);
  for (const end = Date.now() + 10_000; Date.now() < end && lags.some((channel) => channel.open > 0); ) await new Promise((resolve) => setTimeout(resolve, 50));
  const never = lags.reduce((sum, channel) => sum + channel.open, 0);
  const line = (what: string, values: number[], p50: number, p99: number): void => {
    const [middle, high] = [percentile(values, 0.5), percentile(values, 0.99)];
    say(`${middle <= p50 && high <= p99 ? 'reached' : 'MISSED '}  ${what}: p50 ${middle.toFixed(0)} ms, p95 ${percentile(values, 0.95).toFixed(0)} ms, p99 ${high.toFixed(0)} ms (${values.length} measured; at most ${p50} and ${p99})`);
  };
  line('every sale', lags.flatMap((channel) => channel.steady), 100, 500);
  line('sell-outs', lags.flatMap((channel) => channel.sellOuts), 100, 250);
  say(`never told: ${never}`);
  if (never > 0 || lags.every((channel) => channel.steady.length === 0)) process.exitCode = 1;
} finally {
  await hub.stop();
  await Promise.all(channels.map((channel) => channel.stop()));
}
