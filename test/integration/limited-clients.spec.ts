import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClientKeys } from '../../src/core/governance/client/client-keys.js';
import { AccessTokens } from '../../src/core/governance/token/access-tokens.js';
import { Database } from '../../src/core/persistence/database.js';
import { LIMITED, OBJECTS } from '../support/access/objects.js';
import type { Answer } from '../support/app.js';
import { startStockApp, type StockApp } from '../support/stock.js';

const SCOPES = ['catalog:read', 'catalog:write', 'stock:read', 'stock:write', 'reservations:write'];
let hub: StockApp;
let id = '';
let key = '';

const admin = (method: string, path: string, body?: unknown): Promise<Answer> => hub.call(method, `/admin/v1${path}`, body, { token: hub.adminToken });
const as = (token: string, method: string, path: string, body?: unknown): Promise<Answer> => hub.call(method, `/api/v1${path}`, body, { token });
const mine = (method: string, path: string, body?: unknown): Promise<Answer> => as(key, method, path, body);
const reserve = (token: string, cart: string, channel: string, quantity = 1): Promise<Answer> => as(token, 'POST', '/reservations', { key: cart, channel, ttlSeconds: 600, lines: [{ item: 'A', quantity }] });
const names = (answer: Answer, field: string): unknown[] => (answer.body.items as Record<string, unknown>[]).map((one) => one[field]);

beforeAll(async () => {
  hub = await startStockApp();
  await hub.move(...['dc', 'store-1', 'store-2'].map((location) => ({ eventId: `opening ${location}`, kind: 'opening', item: 'A', quantity: 100, location })));
  await hub.move({ eventId: 'moved', kind: 'transfer', item: 'A', quantity: 10, location: 'store-1', to: 'dc' });
  ({ id, key } = (await admin('POST', '/clients', { name: 'agent', scopes: SCOPES, limitedTo: LIMITED })).body as { id: string; key: string });
});

afterAll(() => hub?.stop());

describe('a client that is limited to some channels and locations', () => {
  it('is refused whole, with the place of what it was not granted, whether that exists or not', async () => {
    const before = await hub.levels();
    for (const [operation, rule] of Object.entries(OBJECTS)) {
      for (const { method, path, body, pointers } of typeof rule === 'string' ? [] : rule) {
        const { status, body: problem } = await mine(method, path, body);
        expect([operation, status, problem.code, (problem.errors as { pointer: string }[]).map(({ pointer }) => pointer)]).toEqual([operation, 403, 'NOT_GRANTED', pointers]);
      }
    }
    expect(await hub.levels()).toEqual(before);
  });

  it('changes nothing that all share', async () => {
    for (const [method, path, body] of [
      ['PUT', '/items/A', { name: 'mine' }], ['POST', '/items/bulk', {}], ['PUT', '/locations/dc', { name: 'mine', type: 'store' }], ['POST', '/locations/bulk', {}],
      ['PUT', '/channels/app', { name: 'mine', locations: ['dc'] }], ['POST', '/channels/bulk', {}],
    ] as const) expect([path, await mine(method, path, body)]).toMatchObject([path, { status: 403, body: { code: 'NOT_GRANTED' } }]);
    expect(await mine('GET', '/items')).toMatchObject({ status: 200 });
  });

  it('is answered in lists with what it was granted, page by page', async () => {
    expect(names(await mine('GET', '/channels?limit=1'), 'id')).toEqual(['app']);
    expect((await mine('GET', '/channels?limit=1')).body.next).toBeNull();
    expect(names(await mine('GET', '/locations'), 'id')).toEqual(['dc']);
    expect(new Set(names(await mine('GET', '/stock-levels'), 'location'))).toEqual(new Set(['dc']));
    const { items } = (await mine('GET', '/ledger')).body as { items: { eventId: string; from: object; to: object }[] };
    expect(items.map(({ eventId, from, to }) => ({ eventId, from, to }))).toEqual([
      { eventId: 'opening dc', from: { virtual: 'opening' }, to: { location: 'dc', condition: 'sellable' } },
      { eventId: 'moved', from: { virtual: 'elsewhere' }, to: { location: 'dc', condition: 'sellable' } },
    ]);
  });

  it('is told its channel\'s figure and not what it is made of', async () => {
    const { items } = (await mine('GET', '/availability?channel=app&item=A')).body as { items: object[] };
    expect(items).toEqual([expect.objectContaining({ channel: 'app', now: 110 })]);
    expect(items[0]).not.toHaveProperty('terms');
  });

  it('works on what is its own', async () => {
    expect(await mine('POST', '/stock-movements', { movements: [{ eventId: 'r1', kind: 'receipt', item: 'B', quantity: 2, location: 'dc', occurredAt: new Date().toISOString() }] })).toMatchObject({ status: 200, body: { results: [{ status: 'applied' }] } });
    const held = await reserve(key, 'cart-1', 'app');
    expect(held).toMatchObject({ status: 201 });
    expect(await mine('POST', `/reservations/${held.body.id as string}/consume`, { location: 'dc' })).toMatchObject({ status: 200, body: { state: 'CONSUMED' } });
  });

  it('has what a kind that is not named gives: nothing', async () => {
    const till = (await admin('POST', '/clients', { name: 'till', scopes: SCOPES, limitedTo: { locations: ['store-2'] } })).body.key as string;
    expect(names(await as(till, 'GET', '/channels'), 'id')).toEqual([]);
    expect(await as(till, 'GET', '/channels/app')).toMatchObject({ status: 403, body: { code: 'NOT_GRANTED' } });
    expect(names(await as(till, 'GET', '/reservations'), 'id')).toEqual([]);
    expect(names(await as(till, 'GET', '/stock-levels'), 'location')).toEqual(['store-2']);
  });
});

describe('what a client is limited to', () => {
  it('holds for access tokens too, and a change of it from the next call on', async () => {
    const client = (await admin('POST', '/clients', { name: 'changing', scopes: SCOPES })).body as { id: string; key: string };
    const caller = await hub.app.get(ClientKeys).verify(client.key);
    const issued = caller && (await hub.app.get(AccessTokens).issue(caller, caller.scopes));
    const shown = [client.key, issued?.token ?? ''];
    const held = await reserve(client.key, 'cart-2', 'web', 2);
    for (const limitedTo of [{ channels: ['app'] }, { channels: ['app', 'web'] }, null]) {
      expect(await admin('PATCH', `/clients/${client.id}`, { limitedTo })).toMatchObject({ status: 200, body: { limitedTo, scopes: SCOPES } });
      for (const one of shown) expect((await as(one, 'GET', '/channels/web')).status).toBe(limitedTo === null || limitedTo.channels.includes('web') ? 200 : 403);
    }
    await admin('PATCH', `/clients/${client.id}`, { limitedTo: { channels: ['app'], locations: ['dc'] } });
    const path = `/reservations/${held.body.id as string}`;
    for (const [method, step, body] of [['GET', '', undefined], ['POST', '/consume', { location: 'dc' }], ['POST', '/release', undefined]] as const) {
      expect([step, await as(client.key, method, `${path}${step}`, body)]).toMatchObject([step, { status: 404, body: { code: 'NOT_FOUND' } }]);
    }
    expect(names(await as(client.key, 'GET', '/reservations?key=cart-2'), 'id')).toEqual([]);
    expect(await reserve(client.key, 'cart-2', 'app')).toMatchObject({ status: 409, body: { code: 'RESERVATION_CONFLICT' } });
    await admin('PATCH', `/clients/${client.id}`, { limitedTo: null });
    expect(await as(client.key, 'GET', path)).toMatchObject({ status: 200, body: { state: 'HELD', lines: [{ quantity: 2 }] } });
  });

  it('names kinds and objects that there are', async () => {
    for (const [limitedTo, pointer] of [[{ shops: ['web'] }, '/limitedTo/shops'], [{ channels: ['app', 'none-such'] }, '/limitedTo/channels/1'], [{ locations: 'dc' }, '/limitedTo/locations'], [{ locations: [1] }, '/limitedTo/locations']] as const) {
      expect(await admin('PATCH', `/clients/${id}`, { limitedTo })).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
    }
    expect((await admin('GET', `/clients/${id}`)).body.limitedTo).toEqual(LIMITED);
  });

  it('leaves no scopes where the version before would look for them', async () => {
    const sql = hub.app.get(Database);
    expect(await sql.query('select scopes from governance.api_client where id = $1', [id])).toEqual([{ scopes: [] }]);
    await expect(sql.execute(`update governance.api_client set scopes = '{stock:read}' where id = $1`, [id])).rejects.toThrow('limited_scopes_stand_aside');
  });
});
