import { get, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubError } from '../../src/core/errors/index.js';
import { Database } from '../../src/core/persistence/database.js';
import { CatalogChanges, CatalogHttpModule } from '../../src/modules/catalog/index.js';
import type { Answer } from '../support/app.js';
import { startWithConnections, type NamedConnections } from '../support/connections.js';

let hub: NamedConnections;
let token: string;

beforeAll(async () => {
  hub = await startWithConnections([CatalogHttpModule]);
  token = await hub.client('catalog:read', 'catalog:write');
});

afterAll(() => hub.stop());

type Line = { line: number; id?: string; status: string; code?: string; errors?: { pointer: string }[] };

const post = (kind: string, body: string): Promise<Answer> =>
  hub.call('POST', `/api/v1/${kind}/bulk`, body, { token, headers: { 'content-type': 'application/x-ndjson' } });

const lines = (answer: Answer): Line[] => answer.text.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Line);

async function bulk(kind: string, entries: readonly unknown[]): Promise<Line[]> {
  const answer = await post(kind, entries.map((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry))).join('\n'));
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/x-ndjson']);
  return lines(answer);
}

describe('a bulk call', () => {
  it('answers each line by itself, so that a bad one spoils no other', async () => {
    const result = await bulk('items', [
      { id: 'b1', name: 'One' },
      'not json',
      '   ',
      { id: 'b2', name: 'Two', gtin: '1' },
      { id: 'b3' },
      '{"id":"b4","name":"Four","__proto__":{}}',
      '[1]',
      { id: 'b5', name: 'Five', sku: 'b1' },
      { id: 'b6', name: 'Six', sku: 'S6' },
      { id: 'b6', name: 'Six again', sku: 'S6' },
      { id: 'b6', name: 'Six again', sku: 'S6' },
    ]);
    expect(result.map(({ line, id, status, code, errors }) => [line, id, status, code, errors?.[0]?.pointer])).toEqual([
      [1, 'b1', 'created', undefined, undefined],
      [2, undefined, 'rejected', 'MALFORMED_BODY', undefined],
      [4, 'b2', 'rejected', 'VALIDATION_FAILED', '/gtin'],
      [5, 'b3', 'rejected', 'VALIDATION_FAILED', '/name'],
      [6, undefined, 'rejected', 'MALFORMED_BODY', undefined],
      [7, undefined, 'rejected', 'VALIDATION_FAILED', ''],
      [8, 'b5', 'rejected', 'CONFLICT', '/sku'],
      [9, 'b6', 'created', undefined, undefined],
      [10, 'b6', 'updated', undefined, undefined],
      [11, 'b6', 'unchanged', undefined, undefined],
    ]);
  });

  it('lets a line take the SKU that an earlier line gave up, and not one that a later line will', async () => {
    await bulk('items', [{ id: 's1', name: 's', sku: 'X' }, { id: 's2', name: 's', sku: 'Y' }, { id: 's3', name: 's', sku: 'Z' }]);
    const result = await bulk('items', [
      { id: 's3', name: 's', sku: 'Y' }, { id: 's1', name: 's', sku: 'free' }, { id: 's2', name: 's', sku: 'X' }, { id: 's4', name: 's', sku: 'Y' },
    ]);
    expect(result.map((line) => line.status)).toEqual(['rejected', 'updated', 'updated', 'created']);
  });

  it('loads 20,000 items within seconds, and the same again changes none', async () => {
    const body = Array.from({ length: 20_000 }, (_, index) => JSON.stringify({ id: `load-${index}`, name: `Item ${index}`, sku: `L${index}` })).join('\n');
    const started = performance.now();
    const created = lines(await post('items', body));
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(created.filter((line) => line.status === 'created')).toHaveLength(20_000);
    expect(lines(await post('items', body)).every((line, index) => line.status === 'unchanged' && line.line === index + 1)).toBe(true);
  });

  it('saves locations and channels too, each channel alone when its location is missing', async () => {
    expect((await bulk('locations', [{ id: 'l1', name: 'L', type: 'store' }, { id: 'l2', name: 'L', type: 'moon' }])).map((line) => line.status)).toEqual(['created', 'rejected']);
    const result = await bulk('channels', [{ id: 'c1', name: 'C', locations: ['l2'] }, { id: 'c2', name: 'C', locations: ['l1'] }]);
    expect(result.map((line) => [line.status, line.code, line.errors?.[0]?.pointer])).toEqual([['rejected', 'UNKNOWN_LOCATION', '/locations/0'], ['created', undefined, undefined]]);
  });

  it('answers nothing to nothing', async () => {
    const answer = await post('items', '\n\n');
    expect([answer.status, answer.text]).toEqual([200, '']);
  });

  it('is refused as JSON, and beyond 8 MB', async () => {
    expect((await hub.call('POST', '/api/v1/items/bulk', { id: 'x', name: 'x' }, { token })).body).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
    expect((await post('items', 'x'.repeat(8 * 1_048_576 + 1))).body).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
  });

  it('ends in one state whatever two opposite loads do at once', async () => {
    const forth = Array.from({ length: 1_500 }, (_, index) => ({ id: `duel-${index}`, name: 'forth' }));
    const back = forth.map(({ id }) => ({ id, name: 'back' })).reverse();
    const results = await Promise.all([bulk('items', forth), bulk('items', back)]);
    expect(results.flat().filter((line) => !['created', 'updated'].includes(line.status))).toEqual([]);
    const [row] = await hub.app.get(Database).query<{ count: number }>(`select count(*)::int as count from catalog.item where code like 'duel-%'`);
    expect(row?.count).toBe(1_500);
  });
});

describe('a bulk call while the database is away', () => {
  const outage = (first: number): string => Array.from({ length: 1_400 }, (_, index) => JSON.stringify({ id: `outage-${first + index}`, name: 'x' })).join('\n');

  beforeAll(() => {
    hub.app.get(CatalogChanges).onItemsSaved(async (_tx, items) => {
      if (items.some(({ code }) => code === 'outage-700')) throw new HubError('DATABASE_UNAVAILABLE');
    });
  });

  it('answers 503 before it has begun', async () => {
    expect((await post('items', outage(700))).body).toMatchObject({ status: 503, code: 'DATABASE_UNAVAILABLE' });
  });

  it('says of each line that it failed, once it has begun, and tries no more', async () => {
    const result = lines(await post('items', `${outage(0)}\n{}`));
    expect(result).toHaveLength(1_401);
    expect(result.slice(0, 500).every(({ status }) => status === 'created')).toBe(true);
    expect(result.slice(500, 1_400).every(({ status, code }) => status === 'failed' && code === 'DATABASE_UNAVAILABLE')).toBe(true);
    expect(result.at(-1)).toMatchObject({ line: 1_401, status: 'rejected', code: 'VALIDATION_FAILED' });
    const [row] = await hub.app.get(Database).query<{ count: number }>(`select count(*)::int as count from catalog.item where code like 'outage-%'`);
    expect(row?.count).toBe(500);
  });
});

describe('a bulk call whose answer is not read', () => {
  it('waits for its reader, and stops saving when the reader leaves', async () => {
    await hub.app.listen(0, '127.0.0.1');
    const url = new URL(await hub.app.getUrl());
    let saved = 0;
    hub.app.get(CatalogChanges).onItemsSaved(async (_tx, items) => void (saved += items.length));
    // Empty objects are refused in many words: the answer is far larger than all the buffers between hub and reader.
    const body = Array.from({ length: 200_000 }, (_, index) => (index % 20 === 0 ? JSON.stringify({ id: `slow-${index}`, name: 'Slow' }) : '{}')).join('\n');
    const sent = request({ host: url.hostname, port: url.port, method: 'POST', path: '/api/v1/items/bulk', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' } });
    const answered = new Promise<import('node:http').IncomingMessage>((resolve) => sent.once('response', resolve));
    sent.end(body);
    const response = await answered;
    response.pause();
    const settled = await settledAt(() => saved);
    expect(settled).toBeGreaterThan(0);
    expect(settled).toBeLessThan(6_000);
    response.destroy();
    sent.destroy();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(saved).toBeLessThan(settled + 1_000);
    // The hub is well after it.
    await new Promise((resolve) => get(new URL('/health/live', url), (live) => resolve(expect(live.statusCode).toBe(200))));
  });
});

/** The value once it has not changed for a while. */
async function settledAt(value: () => number): Promise<number> {
  for (let before = -1; before !== value(); ) {
    before = value();
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return value();
}
