import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CrossReferences } from '../../src/core/mapping/cross-references.js';
import { MappingHttpModule } from '../../src/core/mapping/http/mapping-http.module.js';
import type { ReferencesSaved } from '../../src/core/mapping/reference.js';
import { Database } from '../../src/core/persistence/database.js';
import { CatalogHttpModule } from '../../src/modules/catalog/index.js';
import type { Answer } from '../support/app.js';
import { startWithConnections, type NamedConnections } from '../support/connections.js';

let hub: NamedConnections;
let references: CrossReferences;

beforeAll(async () => {
  hub = await startWithConnections([CatalogHttpModule, MappingHttpModule], { 'shop-a': 'shop', 'shop-b': 'shop', paged: 'shop', cached: 'shop', filed: 'till', 'filed-too': 'till', 'filed-many': 'till' });
  references = hub.app.get(CrossReferences);
});

afterAll(() => hub.stop());

const source = (id: string): number => hub.sources[id] ?? 0;
const path = (id: string): string => `/admin/v1/connections/${id}/cross-references`;
const admin = (method: string, address: string, body?: unknown): Promise<Answer> => hub.call(method, address, body, { token: hub.adminToken });
const variant = (externalId: string, canonicalId: string, alias = false): object => ({ entity: 'item', type: 'variant', externalId, canonicalId, alias });
const save = async (id: string, entries: object[], replace?: boolean): Promise<{ status: string; holder?: object }[]> => {
  const answer = await admin('PUT', path(id), { references: entries, ...(replace === undefined ? {} : { replace }) });
  expect(answer.status).toBe(200);
  return answer.body.results as { status: string }[];
};
const importCsv = (id: string, file: string | Buffer, query = ''): Promise<Answer> =>
  hub.call('POST', `${path(id)}/import${query}`, file, { token: hub.adminToken, headers: { 'content-type': 'text/csv' } });
const resolve = (id: string, ...externalIds: string[]): Promise<(string | undefined)[]> =>
  references.resolve(source(id), 'item', externalIds.map((externalId) => ({ type: 'variant', id: externalId })), 'reference');

describe('cross-references', () => {
  it('translate both ways, each connection by itself', async () => {
    expect((await save('shop-a', [variant('1', 'mug'), variant('2', 'cup')])).map((result) => result.status)).toEqual(['created', 'created']);
    await save('shop-b', [variant('1', 'plate')]);
    expect(await resolve('shop-a', '1', '2', '3')).toEqual(['mug', 'cup', undefined]);
    expect(await resolve('shop-b', '1', '2')).toEqual(['plate', undefined]);
    expect(await references.reverse(source('shop-a'), 'item', 'variant', ['mug', 'plate'])).toEqual(new Map([['mug', '1']]));
    expect((await save('shop-a', [variant('1', 'mug')]))[0]).toEqual({ status: 'unchanged' });
  });

  it('answer a conflict and leave what is stored', async () => {
    const [pointedElsewhere, secondName, sound] = await save('shop-a', [variant('1', 'bowl'), variant('9', 'mug'), variant('4', 'bowl')]);
    expect(pointedElsewhere).toMatchObject({ status: 'conflict', holder: { externalId: '1', canonicalId: 'mug' } });
    expect(secondName).toMatchObject({ status: 'conflict', holder: { externalId: '1', canonicalId: 'mug' } });
    expect(sound).toEqual({ status: 'created' });
    expect(await resolve('shop-a', '1', '9', '4')).toEqual(['mug', undefined, 'bowl']);
  });

  it('understand an alias and never speak it', async () => {
    expect(await save('shop-a', [variant('old-1', 'mug', true)])).toEqual([{ status: 'created' }]);
    expect(await resolve('shop-a', 'old-1')).toEqual(['mug']);
    expect(await references.reverse(source('shop-a'), 'item', 'variant', ['mug'])).toEqual(new Map([['mug', '1']]));
  });

  it('keep the old name as an alias when a new one replaces it', async () => {
    expect(await save('shop-a', [variant('100', 'mug')], true)).toEqual([{ status: 'created' }]);
    expect(await resolve('shop-a', '100', '1')).toEqual(['mug', 'mug']);
    expect(await references.reverse(source('shop-a'), 'item', 'variant', ['mug'])).toEqual(new Map([['mug', '100']]));
  });

  it('may swap what two names mean', async () => {
    await save('shop-b', [variant('x', 'left'), variant('y', 'right')]);
    expect((await save('shop-b', [variant('x', 'right'), variant('y', 'left')], true)).map((result) => result.status)).toEqual(['updated', 'updated']);
    expect(await resolve('shop-b', 'x', 'y')).toEqual(['right', 'left']);
    expect(await references.reverse(source('shop-b'), 'item', 'variant', ['left', 'right'])).toEqual(new Map([['left', 'y'], ['right', 'x']]));
  });

  it('find an item by SKU when a reference names it so, or when the connection matches by SKU, and a stored reference wins', async () => {
    await hub.call('PUT', '/api/v1/items/vase', { name: 'Vase', sku: 'V-1' }, { token: await hub.client('catalog:write') });
    const refs = [{ type: 'sku', id: 'V-1' }, { type: 'variant', id: '77', sku: 'V-1' }, { type: 'variant', id: '2', sku: 'V-1' }, { type: 'sku', id: 'V-\0' }];
    expect(await references.resolve(source('shop-a'), 'item', refs, 'sku')).toEqual(['vase', 'vase', 'cup', undefined]);
    expect(await references.resolve(source('shop-a'), 'item', refs, 'reference')).toEqual(['vase', undefined, 'cup', undefined]);
    expect(await references.reverse(source('shop-a'), 'item', 'sku', ['vase', 'nothing'])).toEqual(new Map([['vase', 'V-1']]));
    await hub.call('PUT', '/api/v1/items/vase', { name: 'Vase', sku: 'V-2' }, { token: await hub.client('catalog:write') });
    expect(await references.resolve(source('shop-a'), 'item', [{ type: 'sku', id: 'V-1' }, { type: 'sku', id: 'V-2' }], 'sku')).toEqual([undefined, 'vase']);
    expect(await references.reverse(source('shop-a'), 'item', 'sku', ['vase'])).toEqual(new Map([['vase', 'V-2']]));
  });

  it('tell what is saved, in its transaction and after it', async () => {
    const told: ReferencesSaved[] = [];
    let after = 0;
    let listening = true;
    references.onSaved(async (tx, saved) => {
      if (!listening) return undefined;
      told.push(saved);
      // Seen through the transaction, and not yet by anybody else.
      expect(await tx.query('select from mapping.cross_reference where canonical = $1', ['told'])).toHaveLength(saved.sourceId === undefined ? 0 : 1);
      expect(await hub.app.get(Database).query('select from mapping.cross_reference where canonical = $1', ['told'])).toHaveLength(0);
      return () => void (after += 1);
    });
    await hub.call('PUT', '/api/v1/items/telling', { name: 'Telling', sku: 'T-1' }, { token: await hub.client('catalog:write') });
    await save('shop-b', [variant('55', 'told')]);
    await save('shop-b', [variant('55', 'told'), variant('56', 'told')]);
    listening = false;
    expect(after).toBe(2);
    expect(told).toEqual([
      { entity: 'item', references: [{ type: 'sku', externalId: 'T-1', canonical: 'telling' }] },
      { sourceId: source('shop-b'), entity: 'item', references: [{ entity: 'item', type: 'variant', externalId: '55', canonical: 'told', alias: false }] },
    ]);
  });

  it('are seen by another replica a second later at the latest', async () => {
    const replica = new CrossReferences(hub.app.get(Database));
    const seen = (): Promise<(string | undefined)[]> => replica.resolve(source('cached'), 'item', [{ type: 'variant', id: '1' }], 'reference');
    await save('cached', [variant('1', 'before')]);
    expect(await seen()).toEqual(['before']);
    await save('cached', [variant('1', 'after')], true);
    await new Promise((resolveLater) => setTimeout(resolveLater, 1_050));
    expect(await seen()).toEqual(['after']);
  });

  it('are listed page by page and by filter, and removed one by one', async () => {
    const all = Array.from({ length: 7 }, (_, index) => variant(`p${index}`, `item-${index}`));
    await save('paged', [...all, { entity: 'location', type: 'location', externalId: 'l', canonicalId: 'store' }]);
    const seen: unknown[] = [];
    for (let after = ''; ; ) {
      const { body } = await admin('GET', `${path('paged')}?limit=3${after && `&after=${after}`}`);
      seen.push(...(body.items as unknown[]));
      if (body.next === null) break;
      after = body.next as string;
    }
    expect(seen).toEqual([...all, { entity: 'location', type: 'location', externalId: 'l', canonicalId: 'store', alias: false }]);
    expect((await admin('GET', `${path('paged')}?entity=item&canonicalId=item-3`)).body).toEqual({ items: [all[3]], next: null });
    expect((await admin('DELETE', `${path('paged')}?entity=item&type=variant&externalId=p3`)).status).toBe(204);
    expect((await admin('DELETE', `${path('paged')}?entity=item&type=variant&externalId=p3`)).status).toBe(404);
    expect(await resolve('paged', 'p3', 'p4')).toEqual([undefined, 'item-4']);
  });

  it.each([
    ['an id that no item may have', [variant('1', 'a,b')], '/references/0/canonicalId'],
    ['no external id', [{ entity: 'item', type: 'variant', canonicalId: 'x' }], '/references/0/externalId'],
    ['another entity', [{ ...variant('1', 'a'), entity: 'order' }], '/references/0/entity'],
    ['nothing', [], '/references'],
  ])('are refused with %s', async (_what, entries, pointer) => {
    const answer = await admin('PUT', path('shop-a'), { references: entries });
    expect([answer.status, answer.body.errors]).toEqual([422, [expect.objectContaining({ pointer })]]);
  });

  it('are refused for a connection that does not exist, for a cursor that nobody gave, and to callers who are no admins', async () => {
    expect((await admin('GET', path('nobody'))).body).toMatchObject({ status: 404, code: 'CONNECTION_NOT_FOUND' });
    expect((await admin('GET', `${path('shop-a')}?after=rubbish`)).body).toMatchObject({ status: 400, code: 'CURSOR_INVALID', errors: [{ pointer: '?after' }] });
    expect((await hub.call('GET', path('shop-a'), undefined, { token: await hub.client('catalog:write') })).status).toBe(403);
  });

  it('go to a spreadsheet and come back, and no cell runs as a formula', async () => {
    const odd = [variant('=1+1', 'plus'), variant("'@x", 'at'), variant('a "b", c\nd', 'quotes'), variant('p-old', 'plus', true)];
    await save('filed', odd);
    const file = await admin('GET', `${path('filed')}/export`);
    expect([file.status, file.headers['content-type'], file.headers['content-disposition']]).toEqual([200, 'text/csv; charset=utf-8', 'attachment; filename="cross-references-filed.csv"']);
    expect(file.text.split('\r\n')).toContain("item,variant,'=1+1,plus,false");
    expect(file.text.split('\r\n')).toContain("item,variant,''@x,at,false");
    const again = await importCsv('filed', file.text);
    expect(again.body).toEqual({ created: 0, updated: 0, unchanged: 4, refused: 0, refusals: [] });
    expect((await importCsv('filed-too', file.text)).body).toMatchObject({ created: 4 });
    expect((await admin('GET', path('filed-too'))).body).toEqual((await admin('GET', path('filed'))).body);
  });

  it('are imported line by line, and a bad line spoils no other', async () => {
    const { body } = await importCsv('filed', ['canonicalId,externalId,entity,type', 'mug,1,item,variant', 'cup,1,item,variant', 'a,2,order,variant', '"a,b",3,item,variant', 'bowl,4,item', ',5,item,variant', 'bowl,6,item,variant'].join('\n'));
    expect(body).toMatchObject({ created: 2, updated: 0, unchanged: 0, refused: 5 });
    expect((body.refusals as { line: number; detail: string }[]).map(({ line, detail }) => `${line} ${detail.split(' ').slice(0, 3).join(' ')}`)).toEqual([
      '3 The external id', '4 entity must be', '5 canonicalId must not', '6 has 3 fields', '7 canonicalId must be',
    ]);
    expect((await importCsv('filed', 'canonicalId,externalId,entity,type\ncup,1,item,variant', '?replace=true')).body).toMatchObject({ updated: 1 });
  });

  it.each([
    ['without its columns', 'item,variant,1,mug', 422, 'VALIDATION_FAILED'],
    ['with nothing in it', '', 422, 'VALIDATION_FAILED'],
    ['that is not CSV', 'entity,type,externalId,canonicalId\n"item', 400, 'MALFORMED_BODY'],
    ['in Latin-1', Buffer.from('entity,type,externalId,canonicalId\nitem,variant,\xe9,x', 'latin1'), 400, 'MALFORMED_BODY'],
  ])('refuse a file %s', async (_what, file, status, code) => {
    expect((await importCsv('filed', file)).body).toMatchObject({ status, code });
  });

  it('are exported whole and imported within seconds when there are many', async () => {
    const text = ['entity,type,externalId,canonicalId', ...Array.from({ length: 25_000 }, (_, index) => `item,variant,f${index},many-${index}`)].join('\r\n');
    const started = performance.now();
    expect((await importCsv('filed-many', text)).body).toMatchObject({ created: 25_000, refused: 0 });
    expect((await admin('GET', `${path('filed-many')}/export`)).text.split('\r\n')).toHaveLength(25_002);
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('save 10,000 in one call within seconds', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => variant(`many-${index}`, `many-${index}`));
    const started = performance.now();
    expect((await save('shop-b', many)).every((result) => result.status === 'created')).toBe(true);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
