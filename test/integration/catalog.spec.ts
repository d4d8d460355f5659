import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../src/core/persistence/database.js';
import { CatalogDirectory, CatalogHttpModule } from '../../src/modules/catalog/index.js';
import type { Answer } from '../support/app.js';
import { startWithConnections, type NamedConnections } from '../support/connections.js';

let hub: NamedConnections;
let token: string;

interface Described {
  readonly $ref?: string;
  readonly content?: Record<string, { readonly schema: { readonly $ref?: string } }>;
}
let documented: Record<string, Record<string, { readonly responses: Record<string, Described> }> | undefined>;
let shared: Record<string, Described>;
let problem: object;

beforeAll(async () => {
  hub = await startWithConnections([CatalogHttpModule], { 'till-7': 'till', 'web-shop': 'shop', 'other-shop': 'shop' });
  token = await hub.client('catalog:read', 'catalog:write');
  const { paths, components } = (await hub.call('GET', '/openapi.json')).body as { paths: typeof documented; components: { responses: typeof shared; schemas: { Problem: object } } };
  documented = Object.fromEntries(Object.entries(paths).map(([path, item]) => [path.replace('/api/v1', ''), item]));
  shared = components.responses;
  problem = components.schemas.Problem;
});

afterAll(() => hub.stop());

/** Calls as a client that may read and write, and holds the answer to what the OpenAPI document says of it. */
async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await hub.call(method, `/api/v1${path}`, body, { token });
  const operation = documented[path.replace(/\?.*/, '').replace(/(?<=^\/\w+\/).+/, '{id}')]?.[method.toLowerCase()];
  const response = operation?.responses[answer.status];
  const name = response?.$ref?.split('/').at(-1) ?? '';
  const content = Object.values((response?.$ref ? shared[name]?.content : response?.content) ?? {})[0];
  expect([method, path, answer.status, content?.schema]).toEqual([method, path, answer.status, expect.anything()]);
  const schema = content?.schema.$ref ? problem : content?.schema;
  expect(new Ajv2020({ strict: false, validateFormats: false }).validate(schema as object, answer.body)).toBe(true);
  return answer;
}

describe('an item', () => {
  it('is created with its defaults, and answers 200 when the same is put again', async () => {
    const created = await call('PUT', '/items/85123A', { name: '  Hanging heart ' });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({ id: '85123A', name: 'Hanging heart', sku: '85123A', gtin: null, unit: 'each' });
    const again = await call('PUT', '/items/85123A', { name: 'Hanging heart' });
    expect([again.status, again.body]).toEqual([200, created.body]);
    expect((await call('GET', '/items/85123A')).body).toEqual(created.body);
  });

  it('can be put back as it was answered', async () => {
    const { body } = await call('PUT', '/items/round', { name: 'Round', sku: 'R-1', gtin: '4006381333931', unit: 'pair' });
    const again = await call('PUT', '/items/round', body);
    expect([again.status, again.body]).toEqual([200, body]);
  });

  it('loses what a later put leaves out', async () => {
    await call('PUT', '/items/full', { name: 'Full', sku: 'F-1', gtin: '4006381333931', unit: 'kg' });
    expect((await call('PUT', '/items/full', { name: 'Full' })).body).toEqual({ id: 'full', name: 'Full', sku: 'full', gtin: null, unit: 'each' });
  });

  it('differs from one whose id differs in case', async () => {
    await call('PUT', '/items/case', { name: 'lower' });
    expect((await call('PUT', '/items/CASE', { name: 'upper' })).status).toBe(201);
    expect((await call('GET', '/items/case')).body).toMatchObject({ name: 'lower' });
  });

  it('may have an id with a slash, a space and letters beyond ASCII, escaped in the address', async () => {
    for (const id of ['a/b:c', 'BANK CHARGES', '靴-42', '100%', '靴'.repeat(64)]) {
      const address = `/items/${encodeURIComponent(id)}`;
      expect((await call('PUT', address, { name: 'x' })).status).toBe(201);
      expect((await call('GET', address)).body).toMatchObject({ id, sku: id });
    }
  });

  it('is refused with a pointer to everything that is wrong with it', async () => {
    const answer = await call('PUT', '/items/%20x', { id: 'y', name: ' ', sku: 'a\tb', gtin: '4006381333932' });
    expect([answer.status, answer.body.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect((answer.body.errors as { pointer: string }[]).map((error) => error.pointer)).toEqual(['/sku', '/gtin', '/id', '/id', '/name']);
  });

  it.each([
    ['no name', {}, '/name'],
    ['an unknown field', { name: 'x', colour: 'red' }, '/colour'],
    ['a unit in capitals', { name: 'x', unit: 'Each' }, '/unit'],
    ['a number for a name', { name: 7 }, '/name'],
  ])('is refused with %s', async (_what, body, pointer) => {
    const answer = await call('PUT', '/items/wrong', body);
    expect([answer.status, answer.body.errors]).toEqual([422, [expect.objectContaining({ pointer })]]);
    expect((await call('GET', '/items/wrong')).status).toBe(404);
  });

  it("does not take another item's SKU, nor the id of one that has no SKU of its own", async () => {
    await call('PUT', '/items/owner', { name: 'Owner', sku: 'SKU-1' });
    const taken = await call('PUT', '/items/thief', { name: 'Thief', sku: 'SKU-1' });
    expect([taken.status, taken.body.code]).toEqual([409, 'CONFLICT']);
    expect(taken.body.errors).toEqual([{ pointer: '/sku', detail: "The SKU 'SKU-1' belongs to the item 'owner'." }]);
    await call('PUT', '/items/plain', { name: 'Plain' });
    expect((await call('PUT', '/items/thief', { name: 'Thief', sku: 'plain' })).status).toBe(409);
    expect((await call('GET', '/items/thief')).status).toBe(404);
  });

  it('gives its SKU to exactly one of many that ask for it at once', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => call('PUT', `/items/race-${index}`, { name: 'Race', sku: 'RACE' })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array<number>(11).fill(409)]);
  });

  it('is found by its SKU in any Unicode spelling', async () => {
    await call('PUT', '/items/accent', { name: 'Accent', sku: 'cafe\u0301' });
    for (const sku of ['caf\u00e9', 'cafe\u0301']) expect((await call('GET', `/items?sku=${encodeURIComponent(sku)}`)).body).toMatchObject({ items: [{ id: 'accent' }], next: null });
  });

  it('needs the scope that its route names', async () => {
    const reader = await hub.client('catalog:read');
    expect((await hub.call('PUT', '/api/v1/items/x', { name: 'x' }, { token: reader })).status).toBe(403);
    expect((await hub.call('POST', '/api/v1/items/bulk', '{}', { token: reader, headers: { 'content-type': 'application/x-ndjson' } })).status).toBe(403);
    expect((await hub.call('GET', '/api/v1/items', undefined, { token: await hub.client('stock:read') })).status).toBe(403);
    expect((await hub.call('GET', '/api/v1/items')).status).toBe(401);
  });
});

describe('a list', () => {
  it('shows each item once, page by page, while others are added', async () => {
    for (let index = 0; index < 7; index += 1) await call('PUT', `/items/zz-page-${index}`, { name: 'Page' });
    const seen: string[] = [];
    for (let after = ''; ; ) {
      const { body } = await call('GET', `/items?limit=3&after=${after}`);
      seen.push(...(body.items as { id: string }[]).map((item) => item.id));
      await call('PUT', `/items/aa-${seen.length}`, { name: 'Meanwhile' });
      if (body.next === null) break;
      after = body.next as string;
    }
    expect(seen.filter((id) => id.startsWith('zz-page-'))).toEqual(Array.from({ length: 7 }, (_, index) => `zz-page-${index}`));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it.each(['limit=0', 'limit=1001', 'limit=x', 'sort=name'])('refuses ?%s', async (query) => {
    const answer = await call('GET', `/items?${query}`);
    expect([answer.status, answer.body.errors]).toEqual([422, [expect.objectContaining({ pointer: `?${query.split('=')[0]}` })]]);
  });
});

describe('a location', () => {
  it('has an owner that is a connection, and lists by type', async () => {
    const answer = await call('PUT', '/locations/store-7', { name: 'Store 7', type: 'store', owner: 'till-7' });
    expect([answer.status, answer.body]).toEqual([201, { id: 'store-7', name: 'Store 7', type: 'store', owner: 'till-7' }]);
    await call('PUT', '/locations/dc', { name: 'DC', type: 'warehouse' });
    expect((await call('GET', '/locations?type=warehouse')).body).toEqual({ items: [{ id: 'dc', name: 'DC', type: 'warehouse', owner: null }], next: null });
    const [row] = await hub.app.get(Database).query<{ owner: number }>(`select owner_source_id as owner from catalog.location where code = 'store-7'`);
    expect(row?.owner).toBe(hub.sources['till-7']);
  });

  it('is refused with an owner that does not exist', async () => {
    const answer = await call('PUT', '/locations/x', { name: 'X', type: 'store', owner: 'nobody' });
    expect([answer.status, answer.body.errors]).toEqual([422, [{ pointer: '/owner', detail: "There is no connection 'nobody'.", code: 'CONNECTION_NOT_FOUND' }]]);
  });
});

describe('a channel', () => {
  it('sells from locations that exist, and is known to other modules at once', async () => {
    await call('PUT', '/locations/a', { name: 'A', type: 'store' });
    await call('PUT', '/locations/b', { name: 'B', type: 'store' });
    const directory = hub.app.get(CatalogDirectory);
    expect(await directory.channel('web')).toBeUndefined();
    const answer = await call('PUT', '/channels/web', { name: 'Web', locations: ['b', 'a'], connection: 'web-shop' });
    expect([answer.status, answer.body]).toEqual([201, { id: 'web', name: 'Web', locations: ['a', 'b'], connection: 'web-shop' }]);
    const ids = await directory.locationIds(['a', 'b']);
    expect(await directory.channel('web')).toMatchObject({ code: 'web', locationIds: [...ids.values()].sort((x, y) => x - y) });
    expect((await call('PUT', '/channels/web', { name: 'Web', locations: ['a'], connection: 'web-shop' })).status).toBe(200);
    expect(await directory.channel('web')).toMatchObject({ locationIds: [ids.get('a')] });
  });

  it.each([
    ['no location', { locations: [] }, '/locations', 'VALIDATION_FAILED'],
    ['a location twice', { locations: ['dc', 'dc'] }, '/locations', 'VALIDATION_FAILED'],
    ['a location that does not exist', { locations: ['dc', 'nowhere'] }, '/locations/1', 'UNKNOWN_LOCATION'],
    ['a connection that does not exist', { locations: ['dc'], connection: 'nobody' }, '/connection', 'VALIDATION_FAILED'],
    ['a connection that does not publish', { locations: ['dc'], connection: 'till-7' }, '/connection', 'VALIDATION_FAILED'],
  ])('is refused with %s', async (_what, body, pointer, code) => {
    const answer = await call('PUT', '/channels/refused', { name: 'Refused', ...body });
    expect([answer.status, answer.body.code, answer.body.errors]).toEqual([422, code, [expect.objectContaining({ pointer })]]);
    expect((await call('GET', '/channels/refused')).status).toBe(404);
  });

  it("is refused with another channel's connection, and may have it once that one gives it up", async () => {
    await call('PUT', '/channels/first', { name: 'First', locations: ['dc'], connection: 'other-shop' });
    const second = { name: 'Second', locations: ['dc'], connection: 'other-shop' };
    expect((await call('PUT', '/channels/second', second)).body).toMatchObject({ code: 'CONFLICT', errors: [{ pointer: '/connection' }] });
    await call('PUT', '/channels/first', { name: 'First', locations: ['dc'] });
    expect((await call('PUT', '/channels/second', second)).status).toBe(201);
  });
});

describe('the document', () => {
  it('says what a line of a bulk call is, and what an id may be', () => {
    const bulk = documented['/items/bulk']?.['post'] as unknown as { requestBody: { content: Record<string, { schema: { required: string[] } }> }; responses: Record<string, Described> };
    expect(Object.keys(bulk.requestBody.content)).toEqual(['application/x-ndjson']);
    expect(bulk.requestBody.content['application/x-ndjson']?.schema.required).toEqual(['id', 'name']);
    expect(Object.keys(bulk.responses[200]?.content ?? {})).toEqual(['application/x-ndjson']);
    const put = documented['/items/{id}']?.['put'] as unknown as { parameters: { name: string; schema: { maxLength: number } }[]; requestBody: { content: Record<string, { schema: { required: string[] } }> } };
    expect(put.parameters.filter(({ name }) => name !== undefined)).toEqual([expect.objectContaining({ name: 'id', schema: expect.objectContaining({ maxLength: 64 }) as unknown })]);
    expect(put.requestBody.content['application/json']?.schema.required).toEqual(['name']);
  });
});
