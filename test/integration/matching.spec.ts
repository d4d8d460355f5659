import type { OutsideItem, OutsideLocation } from '@crossdock/connector-sdk';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PLUGIN_FOLDERS } from '../../src/core/connector/registry/plugin-folders.js';
import { MappingHttpModule } from '../../src/core/mapping/http/mapping-http.module.js';
import { MatchingModule } from '../../src/core/matching/matching.module.js';
import { OrchestrationModule } from '../../src/core/orchestration/orchestration.module.js';
import { WakeUps } from '../../src/core/orchestration/wake-ups.js';
import { CatalogHttpModule } from '../../src/modules/catalog/index.js';
import { startTestApp, type Answer, type TestApp } from '../support/app.js';
import { startOutsideServer, type OutsideServer } from '../support/outside-server.js';
import { buildPlugins, type PluginBuild } from '../support/plugins.js';

interface Survey { entity: string; state: string; pages: number; entries: number; failures: number; lastError: string | null; complete: boolean }
interface Match { entity: string; type: string; externalId: string; state: string; canonicalId: string | null; candidates: { canonicalId: string; reason: string }[]; conflicts: { kind: string }[] }

const item = (id: string, given: Partial<OutsideItem> = {}): OutsideItem => ({ ref: { type: 'product', id }, name: `Product ${id}`, ...given });
const place = (id: string, given: Partial<OutsideLocation> = {}): OutsideLocation => ({ ref: { type: 'place', id }, name: `Place ${id}`, ...given });

/** What the outside system lists, and how it behaves. */
const shelf = { items: [] as OutsideItem[], locations: [] as OutsideLocation[], status: 200, asked: [] as string[], onPage: undefined as undefined | (() => void) };

let build: PluginBuild;
let outside: OutsideServer;
let hub: TestApp;
let key: string;
const dataDir = mkdtempSync(join(tmpdir(), 'crossdock-matching-'));
let id = '';
let run = 0;

const admin = (method: string, path: string, body?: unknown): Promise<Answer> => hub.call(method, `/admin/v1/connections${path}`, body, { token: hub.adminToken });
const api = (method: string, path: string, body?: unknown): Promise<Answer> => hub.call(method, `/api/v1${path}`, body, { token: key });
const surveys = async (): Promise<Survey[]> => (await admin('GET', `/${id}/surveys`)).body.items as Survey[];
const matches = async (query = ''): Promise<Match[]> => (await admin('GET', `/${id}/matches?limit=500${query}`)).body.items as Match[];
const brief = ({ externalId, state, candidates, conflicts }: Match): unknown => [externalId, state, candidates.map(({ canonicalId, reason }) => `${canonicalId} ${reason}`), conflicts.map(({ kind }) => kind)];

async function surveyed(): Promise<void> {
  expect((await admin('POST', `/${id}/surveys`, {})).status).toBe(202);
  await vi.waitFor(async () => expect((await surveys()).map(({ state }) => state)).toEqual(['done', 'done']), { timeout: 15_000 });
}

beforeAll(async () => {
  build = await buildPlugins('shelf');
  outside = await startOutsideServer(({ url }, body) => {
    const { cursor, limit } = body as { cursor: string | null; limit: number };
    shelf.asked.push(`${url} ${cursor}`);
    shelf.onPage?.();
    const all = url === '/items' ? shelf.items : shelf.locations;
    const from = Number(cursor ?? 0);
    return { status: shelf.status, body: { entries: all.slice(from, from + limit), nextCursor: from + limit < all.length ? String(from + limit) : null } };
  });
  hub = await startTestApp([OrchestrationModule.forRole('all'), CatalogHttpModule, MappingHttpModule, MatchingModule], { dataDir }, {}, { overrides: [[PLUGIN_FOLDERS, build.folders]] });
  key = await hub.client('catalog:read', 'catalog:write');
  await api('PUT', '/items/mug', { name: 'White mug', sku: 'MUG-001', gtin: '4006381333931' });
  await api('PUT', '/items/cup', { name: 'Tea cup', sku: 'CUP-2' });
  await api('PUT', '/items/bowl', { name: 'Bowl', sku: 'BOWL' });
  await api('PUT', '/locations/dc', { name: 'Distribution Centre', type: 'warehouse' });
});

beforeEach(async () => {
  id = `shelf-${(run += 1)}`;
  Object.assign(shelf, { items: [], locations: [place('1', { code: 'dc' })], status: 200, asked: [], onPage: undefined });
  expect((await admin('POST', '', { id, plugin: 'shelf', name: id, config: { host: outside.host }, allowPrivateNetwork: true, enabled: false })).status).toBe(201);
});

afterAll(async () => {
  await hub.stop();
  await build.remove();
  outside.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a survey', () => {
  it('reads all pages of what the outside system lists, on a connection that is still off', async () => {
    shelf.items = ['1', '2', '3', '4', '5'].map((one) => item(one));
    await surveyed();
    expect(await surveys()).toMatchObject([{ entity: 'item', pages: 3, entries: 5, complete: true, failures: 0 }, { entity: 'location', pages: 1, entries: 1, complete: true }]);
    expect((await matches('&entity=item')).map(({ externalId }) => externalId)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('goes on where it stood after the outside system was away, and says meanwhile why it stands still', async () => {
    shelf.items = ['1', '2', '3', '4', '5'].map((one) => item(one));
    shelf.onPage = () => {
      shelf.status = shelf.asked.filter((one) => one.startsWith('/items')).length === 2 ? 503 : 200;
    };
    await admin('POST', `/${id}/surveys`, { entities: ['item'] });
    await vi.waitFor(async () => expect((await surveys())[0]).toMatchObject({ state: 'running', pages: 1, failures: 1, lastError: expect.stringContaining('503') as string, complete: false }), { timeout: 15_000 });
    shelf.onPage = undefined;
    shelf.status = 200;
    // What it waited for may be there now: a change of the connection hurries it.
    await admin('PATCH', `/${id}`, { name: 'mended' });
    await vi.waitFor(async () => expect((await surveys())[0]).toMatchObject({ state: 'done', pages: 3, entries: 5, failures: 0, lastError: null }), { timeout: 15_000 });
    expect(shelf.asked).toEqual(['/items null', '/items 2', '/items 2', '/items 4']);
  });

  it('that is cancelled stores no page any more', async () => {
    shelf.items = Array.from({ length: 40 }, (_, index) => item(String(index)));
    let cancelled: Promise<unknown> | undefined;
    shelf.onPage = () => (cancelled ??= admin('DELETE', `/${id}/surveys`));
    await admin('POST', `/${id}/surveys`, { entities: ['item'] });
    await vi.waitFor(() => expect(cancelled).toBeDefined(), { timeout: 15_000 });
    await cancelled;
    await hub.app.get(WakeUps).idle();
    expect((await surveys())[0]).toMatchObject({ state: 'cancelled', complete: false });
    expect(shelf.asked.length).toBeLessThan(5);
  });

  it('is begun by itself when a connection is switched on', async () => {
    shelf.items = [item('1')];
    await admin('POST', `/${id}/enable`);
    await vi.waitFor(async () => expect((await surveys()).map(({ state }) => state)).toEqual(['done', 'done']), { timeout: 15_000 });
  });

  it('is refused where the plugin cannot list, and for a connection that does not exist', async () => {
    expect((await admin('POST', `/${id}/surveys`, { entities: ['price'] })).status).toBe(422);
    expect((await admin('GET', '/nobody/surveys')).body.code).toBe('CONNECTION_NOT_FOUND');
    expect((await admin('GET', `/${id}/surveys`)).body).toEqual({ items: [] });
  });
});

describe('the comparison of two catalogues', () => {
  it('proposes what an entry may be, the surest sign first', async () => {
    shelf.items = [
      item('by-sku', { sku: 'MUG-001' }), item('by-gtin', { gtins: ['04006381333931'] }), item('alike', { sku: 'mug 1' }), item('by-name', { name: '  tea-CUP ' }),
      item('both', { sku: 'BOWL', name: 'Tea cup' }), item('nothing', { sku: 'LAMP' }),
    ];
    await surveyed();
    expect((await matches('&entity=item')).map(brief)).toEqual([
      ['alike', 'open', [], []], ['both', 'open', ['bowl sku', 'cup name'], []], ['by-gtin', 'open', ['mug gtin'], []],
      ['by-name', 'open', ['cup name'], []], ['by-sku', 'open', ['mug sku'], []], ['nothing', 'open', [], []],
    ]);
    expect((await matches('&entity=location')).map(brief)).toEqual([['1', 'open', ['dc code'], []]]);
  });

  it('finds a SKU that is written in another way', async () => {
    shelf.items = [item('a', { sku: 'cup2' }), item('b', { sku: 'Mug/001' }), item('c', { sku: '---' })];
    await surveyed();
    expect((await matches('&entity=item')).map(brief)).toEqual([['a', 'open', ['cup similar-sku'], []], ['b', 'open', ['mug similar-sku'], []], ['c', 'open', [], []]]);
  });

  it('accepts all that is sure and leaves the rest to a person', async () => {
    shelf.items = [item('1', { sku: 'MUG-001' }), item('2', { sku: 'cup2' }), item('3', { sku: 'BOWL', gtins: ['4006381333931'] }), item('4', { sku: 'LAMP' })];
    await surveyed();
    const dry = await admin('POST', `/${id}/matches/accept`, { dryRun: true });
    expect(dry.body).toEqual({ matched: 2, left: 3, next: null });
    expect((await matches('&state=matched'))).toEqual([]);
    expect((await admin('POST', `/${id}/matches/accept`, {})).body).toEqual({ matched: 2, left: 3, next: null });
    expect((await admin('POST', `/${id}/matches/accept`, {})).body).toEqual({ matched: 0, left: 3, next: null });
    expect((await matches()).map(brief)).toEqual([
      ['1', 'matched', [], []], ['2', 'open', ['cup similar-sku'], []], ['3', 'open', ['bowl sku', 'mug gtin'], ['several-candidates']], ['4', 'open', [], []], ['1', 'matched', [], []],
    ]);
    expect((await matches('&conflict=several-candidates')).map(({ externalId }) => externalId)).toEqual(['3']);
    expect((await admin('GET', `/${id}/cross-references`)).body.items).toEqual([
      { entity: 'item', type: 'product', externalId: '1', canonicalId: 'mug', alias: false }, { entity: 'location', type: 'place', externalId: '1', canonicalId: 'dc', alias: false },
    ]);
  });

  it('surfaces every kind of conflict', async () => {
    shelf.items = [item('1', { sku: 'MUG-001' }), item('2', { sku: 'MUG-001' }), item('3', { sku: 'CUP-2' }), item('4')];
    const saved = await admin('PUT', `/${id}/cross-references`, { references: [
      { entity: 'item', type: 'product', externalId: '1', canonicalId: 'mug' }, { entity: 'item', type: 'product', externalId: '3', canonicalId: 'bowl' },
      { entity: 'item', type: 'product', externalId: '4', canonicalId: 'gone-from-here' }, { entity: 'item', type: 'product', externalId: '9', canonicalId: 'cup' },
      { entity: 'item', type: 'barcode', externalId: '77', canonicalId: 'cup' },
    ] });
    expect(saved.status).toBe(200);
    await surveyed();
    expect((await matches('&entity=item')).map(brief)).toEqual([
      // No survey lists barcodes, so nothing is known of what is missing among them.
      ['77', 'matched', [], []],
      ['1', 'matched', [], ['shared-sku']], ['2', 'open', ['mug sku'], ['taken', 'shared-sku']], ['3', 'matched', [], ['contradiction']], ['4', 'matched', [], ['unknown-canonical']], ['9', 'unlisted', [], ['unlisted']],
    ]);
    expect((await matches('&state=unlisted')).map(({ externalId }) => externalId)).toEqual(['9']);
    expect((await admin('POST', `/${id}/matches/accept`, { entity: 'item' })).body).toMatchObject({ matched: 0, left: 1 });
  });

  it('forgets an entry that is not listed any more, unless a cross-reference names it', async () => {
    shelf.items = [item('1', { sku: 'MUG-001' }), item('2', { sku: 'CUP-2' }), item('3')];
    await surveyed();
    await admin('POST', `/${id}/matches/accept`, {});
    shelf.items = [item('3')];
    await surveyed();
    expect((await matches('&entity=item')).map(brief)).toEqual([['1', 'unlisted', [], ['unlisted']], ['2', 'unlisted', [], ['unlisted']], ['3', 'open', [], []]]);
  });

  it('pages in order with any filter, and finds by part of a name', async () => {
    shelf.items = Array.from({ length: 23 }, (_, index) => item(String(index).padStart(2, '0'), { name: index % 2 ? `Odd 100% ${index}` : 'Even' }));
    await surveyed();
    const seen: string[] = [];
    let after = '';
    do {
      const { body } = await admin('GET', `/${id}/matches?entity=item&state=open&search=${encodeURIComponent('odd 100%')}&limit=5${after}`);
      seen.push(...(body.items as Match[]).map(({ externalId }) => externalId));
      after = body.next === null ? '' : `&after=${body.next as string}`;
    } while (after);
    expect(seen).toEqual(['01', '03', '05', '07', '09', '11', '13', '15', '17', '19', '21']);
    expect((await admin('GET', `/${id}/matches?after=nonsense`)).status).toBe(400);
  });

  it('leaves alone what a person ignores, until it is put back', async () => {
    shelf.items = [item('1', { sku: 'MUG-001' }), item('2')];
    await surveyed();
    const entries = [{ entity: 'item', type: 'product', externalId: '1' }, { entity: 'item', type: 'product', externalId: 'unknown' }];
    expect((await admin('POST', `/${id}/matches/ignore`, { entries })).body).toEqual({ changed: 1 });
    expect((await admin('POST', `/${id}/matches/accept`, { entity: 'item' })).body).toMatchObject({ matched: 0, left: 1 });
    await surveyed();
    expect((await matches('&state=ignored')).map(({ externalId }) => externalId)).toEqual(['1']);
    await admin('POST', `/${id}/matches/ignore`, { entries, ignored: false });
    expect((await admin('POST', `/${id}/matches/accept`, { entity: 'item' })).body).toMatchObject({ matched: 1, left: 1 });
  });
});

describe('adopting what the catalogue does not have', () => {
  it('makes items with their references, once, and leaves what looks like something', async () => {
    shelf.items = [
      item('1', { name: 'Lamp', sku: `LAMP-${run}`, gtins: ['123', '96385074'] }), item('2', { name: 'No SKU' }), item('3', { sku: `LAMP-${run}` }), item('4', { sku: 'cup2' }),
      item('5', { sku: 'with, comma' }), item('6', { sku: 'retired', active: false }),
    ];
    await surveyed();
    expect((await admin('POST', `/${id}/matches/adopt`, { entity: 'item', dryRun: true })).body).toMatchObject({ adopted: 3, left: 2, refused: [{ externalId: '3' }], next: null });
    expect((await api('GET', `/items/LAMP-${run}`)).status).toBe(404);
    expect((await admin('POST', `/${id}/matches/adopt`, { entity: 'item' })).body).toMatchObject({ adopted: 3, left: 2, refused: [{ externalId: '3', detail: expect.stringContaining('already') as string }] });
    expect((await api('GET', `/items/LAMP-${run}`)).body).toEqual({ id: `LAMP-${run}`, name: 'Lamp', sku: `LAMP-${run}`, gtin: '96385074', unit: 'each' });
    expect((await api('GET', '/items/product-2')).body).toMatchObject({ name: 'No SKU', sku: 'product-2' });
    expect((await matches('&state=matched')).map(({ externalId, canonicalId }) => [externalId, canonicalId])).toEqual([['1', `LAMP-${run}`], ['2', 'product-2'], ['5', 'product-5']]);
    expect((await admin('POST', `/${id}/matches/adopt`, { entity: 'item' })).body).toMatchObject({ adopted: 0 });
  });

  it('makes locations of the kind that they are', async () => {
    shelf.locations = [place('1', { code: 'dc' }), place('2', { code: `S${run}`, name: 'Store', kind: 'store' }), place('3', { kind: 'other' })];
    await surveyed();
    expect((await admin('POST', `/${id}/matches/adopt`, { entity: 'location' })).body).toMatchObject({ adopted: 2, left: 1, refused: [] });
    expect((await api('GET', `/locations/S${run}`)).body).toMatchObject({ name: 'Store', type: 'store' });
    expect((await api('GET', '/locations/place-3')).body).toMatchObject({ type: 'third_party' });
  });
});
