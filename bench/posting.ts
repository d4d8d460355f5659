/**
 * What posting costs the hub, in one run: `npm run bench -- posting [--movements 20000] [--rounds 3]`. Movements are
 * recorded, then read from the ledger, named, handed over in batches of 250 to books that take everything at once, and
 * settled. What real books take for a batch comes on top, and decides.
 */
import type { MovementPosting } from '@crossdock/connector-sdk';
import { DataSource } from 'typeorm';
import type { Connection } from '../src/core/connector/connection.js';
import type { PluginHost } from '../src/core/connector/plugin-host.js';
import { CrossReferences } from '../src/core/mapping/cross-references.js';
import { Metrics } from '../src/core/observability/metrics.js';
import type { WakeUps } from '../src/core/orchestration/wake-ups.js';
import { dataSourceOptions } from '../src/core/persistence/data-source.js';
import { Database } from '../src/core/persistence/database.js';
import { CatalogDirectory } from '../src/modules/catalog/index.js';
import { InventoryMetrics } from '../src/modules/inventory/inventory-metrics.js';
import { LedgerLanes } from '../src/modules/inventory/ledger/ledger-lanes.js';
import { ReadLedger } from '../src/modules/inventory/ledger/read-ledger.js';
import { BookLeases } from '../src/modules/inventory/posting/book-lease.js';
import { HeldPostings } from '../src/modules/inventory/posting/held-postings.js';
import { NameMovements } from '../src/modules/inventory/posting/name-movements.js';
import { PostingBooks } from '../src/modules/inventory/posting/posting-books.js';
import { PostingKeys } from '../src/modules/inventory/posting/posting-keys.js';
import { PostingMetrics } from '../src/modules/inventory/posting/posting-metrics.js';
import { SendPostings } from '../src/modules/inventory/posting/send-postings.js';
import { WorkBook } from '../src/modules/inventory/posting/work-book.js';
import { startBenchHub } from './stage/hub.js';
import { median, option, perSecond, rate, say, verdict } from './stage/measure.js';
import { itemCode, layOut, skewed, storeCode } from './stage/shape.js';
import { Tracing } from '../src/core/observability/tracing/tracing.js';
import type { Settings } from '../src/core/settings/settings.js';

const shape = { items: 2_000, stores: 50, sparsity: 10 };
const movements = option('movements', 20_000);
const rounds = option('rounds', 3);
const SOURCE = 9_001;
const sink = { version: 1, batchMax: 250, itemReference: 'product', locationReference: 'place' } as const;
const connection = { sourceId: SOURCE, id: 'books', matchItemsBy: 'reference', enabled: true, manifest: { capabilities: { movementSink: sink } } } as unknown as Connection;

async function record(lanes: LedgerLanes, round: number): Promise<void> {
  const entries = Array.from({ length: movements }, (_, index) => ({
    index, item: skewed(shape.items), from: (1 + (index % shape.stores)) * 8, to: 1,
    movement: { source: 1, eventId: `order/${round}/${index}`, line: '1', kind: 'sale', item: '', quantity: 1, from: { virtual: 'loss' }, to: { virtual: 'customer' }, occurredAt: new Date(), correlationId: 'bench' } as const,
  }));
  await lanes.recordMovements(entries, () => undefined);
}

async function main(): Promise<void> {
  say(`posting: ${movements} movements a round, ${rounds} rounds, batches of ${sink.batchMax}`);
  const hub = await startBenchHub();
  const source = await new DataSource(dataSourceOptions(hub.databaseUrl)).initialize();
  try {
    await layOut(hub, shape);
    const database = new Database(source);
    const silent = { ring: () => undefined } as unknown as WakeUps;
    const references = new CrossReferences(database);
    const named = (entity: 'item' | 'location', type: string, code: string) => ({ entity, type, externalId: `x-${code}`, canonical: code, alias: false });
    await references.save(SOURCE, Array.from({ length: shape.items }, (_, n) => named('item', sink.itemReference, itemCode(n + 1))));
    await references.save(SOURCE, Array.from({ length: shape.stores }, (_, n) => named('location', sink.locationReference, storeCode(n + 1))));
    let taken = 0;
    const postMovements = async (_connection: Connection, postings: readonly MovementPosting[]) => postings.map(() => ((taken += 1), { kind: 'applied' as const }));
    const leases = new BookLeases(database, new PostingMetrics(new Metrics(), database));
    const work = new WorkBook(new ReadLedger(database, new CatalogDirectory(database)), new NameMovements(references, new PostingKeys(database)),
      new SendPostings({ postMovements } as Partial<PluginHost> as PluginHost, new Tracing({} as Settings, new Metrics())), new HeldPostings(database), leases);
    await new PostingBooks(database, silent).open(SOURCE, 'now', false);
    const lanes = new LedgerLanes(database, silent, new InventoryMetrics(new Metrics(), database), new Tracing({} as Settings, new Metrics()));
    const seen: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await record(lanes, round);
      let lease = await leases.claim(SOURCE);
      seen.push(await rate(async () => {
        const before = taken;
        while (lease && taken - before < movements) {
          const step = await work.turn(lease, { connection, batchMax: sink.batchMax, mayGo: () => true }, () => true);
          lease = step && 'lease' in step ? step.lease : undefined;
        }
        return taken - before;
      }));
    }
    say(`read, named, handed over, settled      ${perSecond(median(seen)).padStart(12)}   (${seen.map((value) => Math.round(value)).join(', ')})`);
    verdict('movements posted a second, without what the books take', median(seen), 3_000, 0);
  } finally {
    await source.destroy();
    await hub.stop();
  }
}

await main();
