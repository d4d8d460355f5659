import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../src/core/persistence/data-source.js';
import { Database } from '../../src/core/persistence/database.js';
import { CatalogChanges } from '../../src/modules/catalog/index.js';
import type { Item } from '../../src/modules/catalog/items/item.js';
import { SaveItems } from '../../src/modules/catalog/items/save-items.js';
import { SkuMatcher } from '../../src/modules/catalog/items/sku-matcher.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let source: DataSource;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  source = await new DataSource(dataSourceOptions(database.url, 4)).initialize();
  db = new Database(source);
});

afterAll(async () => {
  await source.destroy();
  await database.drop();
});

// Few ids and few SKUs, ids among the SKUs, so that items meet one another's.
const item: fc.Arbitrary<Item> = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  name: fc.constantFrom('x', 'y'),
  sku: fc.constantFrom('a', 'b', 'c', 's', 't'),
  gtin: fc.constant(null),
  unit: fc.constant('each'),
});
const batch = fc.uniqueArray(item, { selector: (each) => each.id, minLength: 1, maxLength: 5 });

/** What saving one item after the other means, in a plain map. */
function saveOne(stored: Map<string, Item>, wanted: Item): string {
  const before = stored.get(wanted.id);
  if ([...stored.values()].some((other) => other.id !== wanted.id && other.sku === wanted.sku)) return 'rejected';
  stored.set(wanted.id, wanted);
  if (!before) return 'created';
  return before.name === wanted.name && before.sku === wanted.sku ? 'unchanged' : 'updated';
}

const byId = (a: Item, b: Item): number => (a.id < b.id ? -1 : 1);

describe('saving items in batches', () => {
  it('ends, and answers, as saving them one after the other would', async () => {
    await fc.assert(fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 5 }), async (batches) => {
      await db.execute('truncate catalog.item cascade');
      const changes = new CatalogChanges();
      const told: string[] = [];
      changes.onItemsSaved(async (_tx, items) => void told.push(...items.map(({ code }) => code)));
      const saves = new SaveItems(db, changes, new SkuMatcher(db));
      const model = new Map<string, Item>();
      for (const items of batches) {
        const expected = items.map((each) => saveOne(model, each));
        told.length = 0;
        expect((await saves.save(items)).map((outcome) => outcome.status)).toEqual(expected);
        expect([...told].sort()).toEqual(items.filter((_, index) => ['created', 'updated'].includes(expected[index] ?? '')).map(({ id }) => id).sort());
        expect(await db.query('select code as id, name, sku, gtin, unit from catalog.item order by code')).toEqual([...model.values()].sort(byId));
      }
    }), { numRuns: 150 });
  }, 60_000);

  it('keeps every SKU with one item while many save at once', async () => {
    await db.execute('truncate catalog.item cascade');
    const saves = new SaveItems(db, new CatalogChanges(), new SkuMatcher(db));
    const batches = fc.sample(batch, { numRuns: 120, seed: 7 });
    const outcomes = await Promise.all(batches.map((items) => saves.save(items)));
    expect(outcomes.map((each) => each.length)).toEqual(batches.map((items) => items.length));
    const rows = await db.query<{ sku: string }>('select sku from catalog.item');
    expect(new Set(rows.map((row) => row.sku)).size).toBe(rows.length);
  });
});
