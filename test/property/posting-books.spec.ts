import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { movementAccounts, type StockAccount } from '../../src/core/canonical/index.js';
import { ConnectionDirectory } from '../../src/core/connector/connection-directory.js';
import { RecordStock } from '../../src/modules/inventory/ledger/record-stock.js';
import { BooksServer } from '../support/posting/books.js';
import { buildPlugins, type PluginBuild } from '../support/plugins.js';
import { startStockApp, type StockApp } from '../support/stock.js';

let build: PluginBuild;
let hub: StockApp;
let erp: number;
let run = 0;
const books = new BooksServer();
const dataDir = mkdtempSync(join(tmpdir(), 'crossdock-posting-books-'));

beforeAll(async () => {
  build = await buildPlugins('books');
  hub = await startStockApp(build.folders, dataDir);
  const admin = (method: string, path: string, body: unknown) => hub.call(method, path, body, { token: hub.adminToken });
  const made = { id: 'erp', plugin: 'books', name: 'ERP', config: { host: await books.start() }, credentials: { token: 't' }, matchItemsBy: 'sku', allowPrivateNetwork: true };
  expect((await admin('POST', '/admin/v1/connections', made)).status).toBe(201);
  const references = ['dc', 'store-1'].map((id) => ({ entity: 'location', type: 'place', externalId: id, canonicalId: id }));
  await admin('PUT', '/admin/v1/connections/erp/cross-references', { references });
  expect((await admin('PUT', '/admin/v1/connections/erp/posting', { from: 'now' })).status).toBe(200);
  erp = (await hub.app.get(ConnectionDirectory).byId('erp'))?.sourceId ?? 0;
});

afterAll(async () => {
  await hub?.stop();
  books.stop();
  await build?.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

const KINDS = ['sale', 'receipt', 'return', 'adjustment', 'damage', 'transfer'] as const;
const PLACES = ['dc', 'store-1', 'store-2'] as const;

interface Fact {
  /** Told by the system that keeps the books, by somebody else, or counted by somebody else. */
  readonly by: 'erp' | 'other' | 'count';
  readonly kind: (typeof KINDS)[number];
  readonly place: (typeof PLACES)[number];
  readonly arrival: (typeof PLACES)[number];
  readonly condition: 'sellable' | 'damaged';
  readonly quantity: number;
  readonly minute: number;
}

const fact: fc.Arbitrary<Fact> = fc.record({
  by: fc.constantFrom('erp', 'other', 'other', 'count'),
  kind: fc.constantFrom(...KINDS),
  place: fc.constantFrom(...PLACES),
  arrival: fc.constantFrom(...PLACES),
  condition: fc.constantFrom('sellable', 'sellable', 'damaged'),
  quantity: fc.integer({ min: 1, max: 20 }),
  // Few distinct moments, so that most facts come after a count that has seen them.
  minute: fc.integer({ min: 0, max: 5 }),
});

type Stock = Map<string, number>;

function add(stock: Stock, account: StockAccount, quantity: number): void {
  if (!('location' in account) || account.location === 'store-2') return;
  const key = `${account.location} ${account.condition}`;
  stock.set(key, (stock.get(key) ?? 0) + quantity);
}

/** Brings a fact to the ledger; what the books did by themselves goes into their stock, whenever the hub hears of it. */
async function bring(one: Fact, index: number, item: string, own: Stock): Promise<void> {
  const occurredAt = new Date(Date.UTC(2026, 5, 1, 12, one.minute));
  const base = { source: one.by === 'erp' ? erp : 9_999, eventId: `${item}-${index}`, item, quantity: one.quantity, correlationId: 'test' };
  if (one.by === 'count') {
    await hub.app.get(RecordStock).recordObservations([{ ...base, location: one.place, condition: one.condition, asOf: occurredAt, basis: 'onHand' }]);
    return;
  }
  if (one.kind === 'transfer' && one.arrival === one.place) return;
  const { from, to } = movementAccounts(one.kind, one.quantity, one.place, one.condition, one.arrival);
  expect(await hub.app.get(RecordStock).recordMovements([{ ...base, line: '1', kind: one.kind, from, to, occurredAt }])).toEqual([{ status: 'applied' }]);
  if (one.by !== 'erp') return;
  add(own, from, -one.quantity);
  add(own, to, one.quantity);
}

/** The books: what they did by themselves, and what was posted to them. */
function booksOf(item: string, own: Stock): Record<string, number> {
  const stock = new Map(own);
  for (const { from, to, quantity } of books.of(item)) {
    if ('location' in from) add(stock, { location: from.location.id, condition: from.condition }, -quantity);
    if ('location' in to) add(stock, { location: to.location.id, condition: to.condition }, quantity);
  }
  return Object.fromEntries([...stock].filter(([, quantity]) => quantity !== 0).sort());
}

async function ledgerOf(item: string): Promise<Record<string, number>> {
  const levels = (await hub.api('GET', `/api/v1/stock-levels?item=${item}`)).body.items as { location: string; condition: string; onHand: number }[];
  const kept = levels.filter(({ location, onHand }) => location !== 'store-2' && onHand !== 0);
  return Object.fromEntries(kept.map(({ location, condition, onHand }): [string, number] => [`${location} ${condition}`, onHand]).sort());
}

it('leaves books that end equal to the ledger, whatever was told by whom, however late, and counted in between', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fact, { minLength: 1, maxLength: 12 }), async (facts) => {
      run += 1;
      const item = `pb${run}`;
      await hub.api('PUT', `/api/v1/items/${item}`, { name: item });
      const own: Stock = new Map();
      for (const [index, one] of facts.entries()) await bring(one, index, item, own);
      const expected = await ledgerOf(item);
      await expect.poll(() => booksOf(item, own), { timeout: 10_000 }).toEqual(expected);
      expect(new Set(books.of(item).map(({ key }) => key)).size).toBe(books.of(item).length);
    }),
    { numRuns: 40 },
  );
}, 180_000);
