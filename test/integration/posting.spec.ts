import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MovementPosting, PostResult } from '@crossdock/connector-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConnectionDirectory } from '../../src/core/connector/connection-directory.js';
import { Database } from '../../src/core/persistence/database.js';
import { ReadLedger } from '../../src/modules/inventory/ledger/read-ledger.js';
import { RecordStock } from '../../src/modules/inventory/ledger/record-stock.js';
import type { Answer } from '../support/app.js';
import { BooksServer, type Fault } from '../support/posting/books.js';
import { buildPlugins, type PluginBuild } from '../support/plugins.js';
import { startStockApp, type StockApp } from '../support/stock.js';

interface Held { readonly id: string; readonly class: string; readonly cause: string; readonly detail: string; readonly attempts: number; readonly movement: { readonly item: string; readonly position: string } }
interface Posting {
  readonly state: string; readonly position: string; readonly behind: { readonly entries: number }; readonly posted: Record<string, number>; readonly held: Record<string, number>;
  readonly examples: readonly { readonly cause: string }[]; readonly trouble: { readonly detail: string; readonly failures: number } | null;
}

let build: PluginBuild;
let hub: StockApp;
let host: string;
const books = new BooksServer();
const dataDir = mkdtempSync(join(tmpdir(), 'crossdock-posting-'));
let run = 0;
/** A connection, and an item of the same name as its product, anew for each test. */
let erp = '';
let item = '';

const admin = (method: string, path: string, body?: unknown): Promise<Answer> => hub.call(method, path, body, { token: hub.adminToken });
const posting = async (method = 'GET', path = '', body?: unknown): Promise<Posting> => (await admin(method, `/admin/v1/connections/${erp}/posting${path}`, body)).body as unknown as Posting;
const held = async (query = ''): Promise<Held[]> => (await admin('GET', `/admin/v1/connections/${erp}/posting/held${query}`)).body.items as Held[];
const map = async (entity: string, type: string, externalId: string, canonicalId: string): Promise<void> => {
  expect((await admin('PUT', `/admin/v1/connections/${erp}/cross-references`, { references: [{ entity, type, externalId, canonicalId }] })).status).toBe(200);
};
const product = async (code: string, mapped = true): Promise<string> => {
  await hub.api('PUT', `/api/v1/items/${code}`, { name: code });
  if (mapped) await map('item', 'product', `p-${code}`, code);
  return code;
};
const move = (kind: string, quantity: number, more: Readonly<Record<string, string>> = {}): Promise<string[]> =>
  hub.move({ eventId: `${kind}-${(run += 1)}`, kind, item, quantity, location: 'dc', ...more });
/** Everything here is quick; the time is for a machine that is busy with something else. */
const until = <Value>(look: () => Value) => expect.poll(look, { timeout: 20_000 });
const written = (code = item): readonly MovementPosting[] => books.of(`p-${code}`);
/** The same, once posting has come to rest and the feed serves everything: an open transaction anywhere in the cluster holds it back. */
async function rested(): Promise<readonly MovementPosting[]> {
  await until(() => hub.app.get(ReadLedger).hasMoreToCome()).toBe(false);
  await until(async () => (await posting()).behind.entries).toBe(0);
  return written();
}

beforeAll(async () => {
  build = await buildPlugins('books');
  hub = await startStockApp(build.folders, dataDir);
  host = await books.start();
});

afterAll(async () => {
  await hub?.stop();
  books.stop();
  await build?.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

beforeEach(async () => {
  run += 1;
  // The books of the test before keep quiet: their movements are none of this test's.
  if (erp) await admin('POST', `/admin/v1/connections/${erp}/posting/pause`);
  erp = `erp-${run}`;
  books.behave();
  const made = await admin('POST', '/admin/v1/connections', { id: erp, plugin: 'books', name: 'ERP', config: { host }, credentials: { token: 'a-test-token' }, allowPrivateNetwork: true });
  expect(made.status).toBe(201);
  item = await product(`it-${run}`);
  await map('location', 'place', 'main', 'dc');
  expect((await posting('PUT', '', { from: 'now' })).state).toBe('running');
});

describe('a movement at a place that the books know', () => {
  it('is written once, with its kind, moment and both sides', async () => {
    await move('receipt', 7, { occurredAt: '2026-06-01T12:00:00.000Z' });
    await until(() => written()).toHaveLength(1);
    expect(written()[0]).toEqual({
      key: expect.stringMatching(/^crossdock:[0-9a-f]{32}$/), movement: 'receipt', item: { type: 'product', id: `p-${item}` }, quantity: 7,
      from: { virtual: 'supplier' }, to: { location: { type: 'place', id: 'main' }, condition: 'sellable' }, occurredAt: '2026-06-01T12:00:00.000Z',
    });
    await rested();
    expect(await posting()).toMatchObject({ state: 'running', posted: { applied: 1, duplicate: 0, unchanged: 0 }, held: { UNMAPPED_ITEM: 0, REJECTED: 0, DELAYED: 0 }, trouble: null });
  });

  it('comes with counts, what they net, damage and transfers, so that the books end equal to the ledger', async () => {
    await move('receipt', 10, { occurredAt: '2026-06-01T10:00:00.000Z' });
    await hub.count({ eventId: `count-${run}`, item, quantity: 8, location: 'dc', asOf: '2026-06-01T12:00:00.000Z' });
    await move('sale', 3, { occurredAt: '2026-06-01T11:00:00.000Z' });
    await move('damage', 1);
    await move('transfer', 2, { to: 'store-1' });
    expect((await rested()).map(({ movement, quantity }) => [movement, quantity])).toEqual([['receipt', 10], ['count_correction', 2], ['sale', 3], ['netting', 3], ['damage', 1], ['transfer', 2]]);
    expect(written().at(-1)).toMatchObject({ from: { location: { id: 'main' } }, to: { virtual: 'elsewhere' } });
    expect(books.stock()).toMatchObject({ [`p-${item}@main`]: 5, [`p-${item}@main damaged`]: 1 });
    expect((await hub.levels())[`${item}@dc`]).toBe(5);
  });

  it('is not written where the books themselves told of it, nor where it happened somewhere else', async () => {
    const source = (await hub.app.get(ConnectionDirectory).byId(erp))?.sourceId ?? 0;
    const own = { source, eventId: `own-${run}`, line: '1', kind: 'receipt', item, quantity: 4, from: { virtual: 'supplier' }, to: { location: 'dc', condition: 'sellable' }, occurredAt: new Date(), correlationId: 'test' } as const;
    expect(await hub.app.get(RecordStock).recordMovements([own])).toEqual([{ status: 'applied' }]);
    await move('receipt', 5, { location: 'store-2' });
    await move('sale', 1);
    expect((await rested()).map(({ movement }) => movement)).toEqual(['sale']);
  });

  it('has the key that it had before, whoever asks: the same fact never looks like another one', async () => {
    await move('receipt', 1);
    await rested();
    await posting('PUT', '', { from: 'beginning', restart: true });
    await rested();
    expect(written()).toHaveLength(1);
    expect((await posting()).posted.duplicate).toBe(1);
    expect(new Set(books.written.map(({ key }) => key)).size).toBe(books.written.length);
  });
});

it('measures how long a movement takes from the ledger into the books', async () => {
  const sum = async (): Promise<number> => Number(/^crossdock_posting_lag_seconds_sum\{plugin="books",outcome="applied"\} (\S+)/m.exec((await hub.call('GET', '/metrics')).text)?.[1] ?? 0);
  const before = await sum();
  await posting('POST', '/pause');
  await move('receipt', 1);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await posting('POST', '/resume');
  await rested();
  const seconds = (await sum()) - before;
  expect(seconds).toBeGreaterThanOrEqual(1);
  expect(seconds).toBeLessThan(30);
});

describe('switching posting on', () => {
  it('begins now, at the beginning, or after a position of the ledger', async () => {
    await move('receipt', 5);
    await move('sale', 1);
    await rested();
    const ledger = (await hub.api('GET', `/api/v1/ledger?item=${item}`)).body.items as { position: string }[];
    expect(ledger).toHaveLength(2);
    const second = `second-${run}`;
    expect((await admin('POST', '/admin/v1/connections', { id: second, plugin: 'books', name: 'Later', config: { host }, credentials: { token: 't' }, allowPrivateNetwork: true })).status).toBe(201);
    erp = second;
    await map('location', 'place', 'second', 'dc');
    await map('item', 'product', `later-${item}`, item);
    await posting('PUT', '', { from: 'now' });
    await move('sale', 2);
    await rested();
    expect(books.of(`later-${item}`).map(({ quantity }) => quantity)).toEqual([2]);
    await posting('PUT', '', { from: ledger[0]?.position, restart: true });
    await rested();
    expect(books.of(`later-${item}`).map(({ quantity }) => quantity)).toEqual([2, 1]);
    await posting('PUT', '', { from: 'beginning', restart: true });
    await rested();
    expect(books.of(`later-${item}`).map(({ quantity }) => quantity).sort()).toEqual([1, 2, 5]);
  });

  it('is refused twice, for a connection that is not there, and with a position that is none or that the ledger has not reached', async () => {
    expect(await admin('PUT', `/admin/v1/connections/${erp}/posting`, { from: 'now' })).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    expect(await admin('PUT', `/admin/v1/connections/${erp}/posting`, { from: 'yesterday' })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/from' }] } });
    expect(await admin('PUT', `/admin/v1/connections/${erp}/posting`, { from: '999999999999.1.0', restart: true })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/from', detail: 'lies beyond the end of the ledger' }] } });
    expect(await admin('PUT', '/admin/v1/connections/nobody/posting', { from: 'now' })).toMatchObject({ status: 404, body: { code: 'CONNECTION_NOT_FOUND' } });
  });

  it('can be paused and goes on where it was', async () => {
    expect((await posting('POST', '/pause')).state).toBe('paused');
    await move('receipt', 3);
    await until(async () => (await posting()).behind.entries).toBe(1);
    expect(written()).toEqual([]);
    expect((await posting('POST', '/resume')).state).toBe('running');
    await until(() => written()).toHaveLength(1);
  });
});

describe('an item that the books do not know', () => {
  it('is held, lets others pass, and goes on by itself once it is mapped', async () => {
    const known = item;
    item = await product(`new-${run}`, false);
    await move('receipt', 2);
    await move('sale', 1);
    const unknown = item;
    item = known;
    await move('receipt', 9);
    await until(() => written()).toHaveLength(1);
    await until(() => held()).toMatchObject([{ class: 'UNMAPPED_ITEM', cause: unknown, movement: { item: unknown } }, { class: 'UNMAPPED_ITEM', cause: unknown }]);
    await until(() => posting()).toMatchObject({ held: { UNMAPPED_ITEM: 2 }, examples: [{ cause: unknown, held: 2 }] });
    await map('item', 'product', `p-${unknown}`, unknown);
    await until(() => written(unknown).map(({ quantity }) => quantity)).toEqual([2, 1]);
    await until(() => held()).toEqual([]);
  });

  it('is called by its SKU where the connection matches by it', async () => {
    await admin('PATCH', `/admin/v1/connections/${erp}`, { matchItemsBy: 'sku' });
    const code = `sku-${run}`;
    await hub.api('PUT', `/api/v1/items/${code}`, { name: code, sku: `S-${run}` });
    const sku = `S-${run}`;
    item = code;
    await move('receipt', 1);
    await until(() => books.of(sku)).toHaveLength(1);
    expect(books.of(sku)[0]?.item).toEqual({ type: 'sku', id: sku, sku });
  });
});

describe('a movement that the books do not take', () => {
  const refuse = (code: string): void => {
    books.create = (postings) => postings.map((one): PostResult => (one.item.id === `p-${code}` ? { kind: 'rejected', code: 'closed-period', detail: 'The period is closed.' } : books.write(one)));
  };

  /** Books that the connector does not understand where this item is written into them. */
  const breaking = (code: string): Fault => (_path, sent, response) => {
    const hit = sent.some((one) => one.item?.id === `p-${code}`);
    if (hit) response.writeHead(418).end();
    return hit;
  };

  it('waits for a person, who tries it again or gives it up, one by one or all of a cause, after a look at how many', async () => {
    const bad = item;
    refuse(bad);
    for (let n = 0; n < 3; n += 1) await move('receipt', 1 + n);
    item = await product(`good-${run}`);
    await move('receipt', 4);
    await until(() => written()).toHaveLength(1);
    await until(async () => (await held()).length).toBe(3);
    const [first, second] = await held('?class=REJECTED&cause=closed-period');
    expect(first).toMatchObject({ class: 'REJECTED', cause: 'closed-period', detail: 'The period is closed.', automatic: false });
    expect((await held('?limit=1&cause=other')).length).toBe(0);
    books.behave();
    const base = `/admin/v1/connections/${erp}/posting/held`;
    expect((await admin('POST', `${base}/${first?.id}/retry`)).status).toBe(202);
    await until(() => written(bad)).toHaveLength(1);
    expect((await admin('POST', `${base}/${second?.id}/discard`)).body).toEqual({ matched: 1, dryRun: false });
    expect((await admin('POST', `${base}/${second?.id}/discard`)).status).toBe(404);
    expect((await admin('POST', `${base}/retry`, { class: 'REJECTED', cause: 'closed-period', dryRun: true })).body).toEqual({ matched: 1, dryRun: true });
    await until(async () => (await held()).length).toBe(1);
    expect((await admin('POST', `${base}/retry`, { class: 'REJECTED' })).body).toEqual({ matched: 1, dryRun: false });
    await until(() => written(bad)).toHaveLength(2);
    await until(() => posting()).toMatchObject({ posted: { discarded: 1 }, held: { REJECTED: 0 } });
  });

  it('is asked about again when one of several was not taken just now, without holding up the others', async () => {
    let busy = true;
    const slow = item;
    books.create = (postings) => postings.map((one): PostResult => (one.item.id === `p-${slow}` && busy ? { kind: 'retry', afterMs: 300, reason: 'locked' } : books.write(one)));
    await posting('POST', '/pause');
    await move('receipt', 1);
    item = await product(`free-${run}`);
    await move('receipt', 2);
    await posting('POST', '/resume');
    await until(() => written()).toHaveLength(1);
    await until(() => held()).toMatchObject([{ class: 'DELAYED', detail: 'locked', automatic: true }]);
    busy = false;
    await until(() => written(slow)).toHaveLength(1);
    await until(() => held()).toEqual([]);
  });

  it('that breaks every call it is part of is set aside, and the others go on', async () => {
    const poison = item;
    books.fault = breaking(poison);
    await posting('POST', '/pause');
    for (let n = 1; n <= 2; n += 1) await move('receipt', n);
    item = await product(`well-${run}`);
    for (let n = 1; n <= 5; n += 1) await move('receipt', n);
    await posting('POST', '/resume');
    await until(() => written()).toHaveLength(5);
    await until(() => held()).toMatchObject([{ class: 'DELAYED' }, { class: 'DELAYED' }]);
    books.behave();
    await admin('POST', `/admin/v1/connections/${erp}/posting/held/retry`, { class: 'DELAYED' });
    await until(() => written(poison)).toHaveLength(2);
  });

  it('is found in a few calls among many, after which the others go in full batches again', async () => {
    const well = item;
    const poison = await product(`poison-${run}`);
    const calls: number[] = [];
    const broken = breaking(poison);
    books.fault = (path, sent, response) => {
      if (path === '/create') calls.push(sent.length);
      return broken(path, sent, response, books);
    };
    await posting('POST', '/pause');
    for (let n = 1; n <= 100; n += 1) {
      item = n === 13 ? poison : well;
      await move('receipt', n);
    }
    item = well;
    await posting('POST', '/resume');
    await until(() => written()).toHaveLength(99);
    expect(await held()).toMatchObject([{ class: 'DELAYED', movement: { item: poison } }]);
    // Two tries of the first 20, their halves down to the culprit, and the 80 behind them in four: 15 calls. One by one it took 26,
    // and with batches of 250 as much longer. Where the feed serves the first of them before the rest, a call more or two.
    expect(calls.length, calls.join(' ')).toBeLessThanOrEqual(18);
    expect(calls.filter((sent) => sent === 1).length, calls.join(' ')).toBeLessThanOrEqual(3);
  });

  it('is found by books that take a few calls at a time only, without beginning anew each time', async () => {
    const well = item;
    const poison = await product(`poison-${run}`);
    const broken = breaking(poison);
    let turn = 0;
    books.fault = (path, sent, response) => {
      if (path !== '/create' || broken(path, sent, response, books)) return path === '/create';
      if ((turn += 1) % 2 === 1) return false;
      response.writeHead(503).end();
      return true;
    };
    await posting('POST', '/pause');
    for (let n = 1; n <= 20; n += 1) {
      item = n % 9 === 0 ? poison : well;
      await move('receipt', n);
    }
    item = well;
    await posting('POST', '/resume');
    await until(() => written()).toHaveLength(18);
    expect(turn).toBeGreaterThan(2);
    await until(async () => (await held()).length).toBe(2);
    expect(new Set(written().map(({ key }) => key)).size).toBe(18);
  });
});

describe('books in trouble', () => {
  it('are asked first when the answer was lost after the effect, so that nothing is written twice', async () => {
    let lost = 0;
    books.fault = async (path, sent, response) => {
      if (path !== '/create' || (lost += 1) > 2) return false;
      for (const one of sent) books.write(one);
      response.destroy();
      return true;
    };
    await move('receipt', 5);
    await move('sale', 1);
    await until(async () => (await posting()).posted.duplicate).toBeGreaterThan(0);
    await rested();
    expect(written().map(({ quantity }) => quantity).sort()).toEqual([1, 5]);
  });

  it('rest while they are away and are told everything when they are back, and the hub says so meanwhile', async () => {
    books.fault = (_path, _sent, response) => {
      response.writeHead(503).end();
      return true;
    };
    for (let n = 0; n < 30; n += 1) await move('receipt', 1);
    await until(() => posting()).toMatchObject({ state: 'running', trouble: { detail: 'transient: The books answered 503.' } });
    expect((await held()).length).toBe(0);
    books.behave();
    await posting('POST', '/resume');
    await until(() => written()).toHaveLength(30);
    await until(async () => (await posting()).trouble).toBeNull();
  });

  it('that do not accept the credentials wait for a person, and go on when these change', async () => {
    books.fault = (_path, _sent, response) => {
      response.writeHead(401).end();
      return true;
    };
    await move('receipt', 1);
    await until(() => posting()).toMatchObject({ trouble: { detail: expect.stringContaining('auth_revoked') } });
    books.behave();
    await admin('PUT', `/admin/v1/connections/${erp}/credentials`, { credentials: { token: 'another' } });
    await until(() => written()).toHaveLength(1);
  });

  it('are left alone while their connection is switched off', async () => {
    await admin('POST', `/admin/v1/connections/${erp}/disable`);
    await move('receipt', 1);
    await until(async () => (await posting()).behind.entries).toBe(1);
    expect(written()).toEqual([]);
    await admin('POST', `/admin/v1/connections/${erp}/enable`);
    await until(() => written()).toHaveLength(1);
  });
});

it('refuses the late settlement of a worker that lost its book, whose movements the next one hands over with the same keys', async () => {
  const db = hub.app.get(Database);
  let free: () => void = () => undefined;
  const silent = new Promise<void>((resolve) => (free = resolve));
  const first: string[] = [];
  books.create = async (postings) => {
    const results = postings.map((one) => books.write(one));
    first.push(...postings.map(({ key }) => key));
    await silent;
    return results;
  };
  await move('receipt', 6);
  await until(() => first.length).toBe(1);
  // What another worker does to a book whose holder has been silent for longer than its lease.
  await db.execute('update inventory.posting_book set fence = fence + 1 where source_id = (select source_id from connector.connection where id = $1)', [erp]);
  books.behave();
  free();
  await until(async () => (await posting()).posted.duplicate).toBe(1);
  expect(await posting()).toMatchObject({ posted: { applied: 0, duplicate: 1 } });
  expect(written().map(({ key }) => key)).toEqual(first);
});
