import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../src/core/persistence/database.js';
import { startWholeApp, type WholeApp } from '../support/whole-app.js';

interface Operation {
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: { readonly enum?: readonly string[] } }[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>>;
}
interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}
interface Problem {
  readonly code?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

let hub: WholeApp;
/** `METHOD /path` of every operation of the two APIs, as the hub's own document has them. */
let operations: [string, Operation][];
let lists: [string, Operation][];

/** Calls with `x` in place of what a path names: everything that is checked here is checked before anything is looked for. */
async function call(operation: string, query: string): Promise<{ status: number; body: Problem }> {
  const [method, path = ''] = operation.split(' ');
  const url = path.replaceAll(/\{\w+\}/g, 'x') + query;
  const key = url.startsWith('/admin/') ? hub.adminToken : hub.masterKey;
  const response = await hub.app.inject({ method: method as 'GET', url, headers: { authorization: `Bearer ${key}` } });
  return { status: response.statusCode, body: response.payload.startsWith('{') ? response.json() : {} };
}

beforeAll(async () => {
  hub = await startWholeApp();
  const document = (await hub.app.inject('/openapi.json')).json<Document>();
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    (/^\/(api|admin)\/v1\//.test(path) ? Object.entries(item).map(([method, operation]): [string, Operation] => [`${method.toUpperCase()} ${path}`, operation]) : []));
  const named = (schema: Schema | undefined): Schema | undefined => (schema?.$ref ? document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] : schema);
  lists = operations.filter(([name, { responses }]) => name.startsWith('GET ') && 'next' in (named(responses[200]?.content?.['application/json']?.schema)?.properties ?? {}));
});

afterAll(async () => {
  await hub.stop();
});

describe('every list', () => {
  it('is paged by the same two parameters', () => {
    expect(lists.length).toBeGreaterThan(10);
    for (const [name, { parameters = [] }] of lists) expect([name, parameters.filter((one) => one.in === 'query').map((one) => one.name)]).toEqual([name, expect.arrayContaining(['limit', 'after'])]);
  });

  it('refuses a limit that is none, and names what it takes when it is asked for more', async () => {
    for (const [name, { parameters = [] }] of lists) {
      const known = parameters.filter((one) => one.in === 'query').map((one) => one.name);
      const required = parameters.filter((one) => one.in === 'query' && (one as { required?: boolean }).required).map((one) => `&${one.name}=x`).join('');
      for (const limit of ['0', '-1', 'x', '1.5', '1e400', '100000000']) {
        expect([name, limit, await call(name, `?limit=${limit}${required}`)]).toEqual([name, limit, expect.objectContaining({ status: 422, body: expect.objectContaining({ errors: expect.arrayContaining([expect.objectContaining({ pointer: '?limit' })]) }) })]);
      }
      const { status, body } = await call(name, `?order=name${required}`);
      const detail = body.errors?.find(({ pointer }) => pointer === '?order')?.detail ?? '';
      expect([name, status, known.filter((one) => !detail.includes(one))]).toEqual([name, 422, []]);
    }
  });

  it('refuses a cursor that it did not give', async () => {
    const without = [];
    for (const [name, { parameters = [] }] of lists) {
      const required = parameters.filter((one) => one.in === 'query' && (one as { required?: boolean }).required).map((one) => `&${one.name}=x`).join('');
      for (const after of ['x', '0', '-1', '1e400', 'bm9uc2Vuc2U', '%27%20or%201=1--']) {
        const { status, body } = await call(name, `?after=${after}${required}`);
        // What the path names is looked for first.
        if (status === 404) without.push(name);
        else expect([name, after, status, body.code]).toEqual([name, after, 400, 'CURSOR_INVALID']);
      }
    }
    expect(new Set(without).size).toBeLessThan(lists.length / 2);
  });
});

describe('a list that can be sorted', () => {
  interface Entries {
    readonly items: readonly Readonly<Record<string, unknown>>[];
    readonly next: string | null;
  }
  const sorted = (): [string, readonly string[]][] => lists.flatMap(([name, { parameters = [] }]): [string, readonly string[]][] => {
    const orders = parameters.find((one) => one.in === 'query' && one.name === 'sort')?.schema?.enum;
    return orders ? [[name, orders]] : [];
  });

  /** Every entry by pages of two, as text; `then` is done after the first page. */
  async function walk(name: string, sort: string, then: () => Promise<unknown> = async () => undefined): Promise<string[]> {
    const seen: string[] = [];
    for (let after = ''; ;) {
      const { items, next } = (await call(name, `?sort=${sort}&limit=2&after=${after}`)).body as Entries;
      seen.push(...items.map((entry) => JSON.stringify(entry)));
      if (next === null) return seen;
      if (after === '') await then();
      after = next;
    }
  }

  beforeAll(async () => {
    const database = hub.app.get(Database);
    const headers = { authorization: `Bearer ${hub.masterKey}` };
    for (const id of ['b', 'a', 'é', 'B', 'a-1']) await hub.app.inject({ method: 'PUT', url: `/api/v1/items/${encodeURIComponent(id)}`, headers, payload: { name: id } });
    await database.execute(`insert into intake.exception (source_id, class, cause, detail, waits_for, state, automatic, seen, first_at, last_at) select 1, 'UNMAPPED_ITEM', 'cause ' || n, 'x', '{}', 'open', true, 1, now(), now() from generate_series(1, 5) n`);
    await database.execute(`insert into intake.delivery (id, source_id, sender_key, topic, headers, correlation_id, received_at, body) select n, 1, 'key ' || n, 'x', '{}', 'x', now(), '' from generate_series(1, 5) n`);
  });

  it('is one of those whose order an index yields', () => {
    expect(sorted()).toEqual([
      ['GET /admin/v1/deliveries', ['-receivedAt', 'receivedAt']],
      ['GET /admin/v1/exceptions', ['firstAt', '-firstAt']],
      ['GET /api/v1/items', ['id', '-id']],
      ['GET /admin/v1/audit', ['-seq', 'seq']],
    ]);
  });

  it('shows the same entries in each order, page by page, and its own order where none is asked for', async () => {
    for (const [name, [own = '', other = '']] of sorted()) {
      const all = ((await call(name, '?limit=500')).body as Entries).items.map((entry) => JSON.stringify(entry));
      expect([name, all.length > 4]).toEqual([name, true]);
      expect([name, await walk(name, own)]).toEqual([name, all]);
      expect([name, await walk(name, other)]).toEqual([name, [...all].reverse()]);
    }
  });

  it('neither repeats nor skips what was there when something is added on the way', async () => {
    const before = await walk('GET /api/v1/items', '-id');
    const add = (id: string) => hub.app.inject({ method: 'PUT', url: `/api/v1/items/${id}`, headers: { authorization: `Bearer ${hub.masterKey}` }, payload: { name: id } });
    const during = await walk('GET /api/v1/items', '-id', () => Promise.all(['zz', 'a0', 'a-0'].map(add)));
    expect(during.filter((entry) => before.includes(entry))).toEqual(before);
    expect(new Set(during).size).toBe(during.length);
  });

  it('refuses another sort with those that there are, and a cursor of another order or an altered one', async () => {
    for (const [name, orders] of sorted()) {
      for (const sort of ['name', '', 'ID', '--id', `${orders[0]},${orders[1]}`, 'constructor']) {
        const { status, body } = await call(name, `?sort=${sort}`);
        expect([name, sort, status, body]).toEqual([name, sort, 422, expect.objectContaining({ code: 'VALIDATION_FAILED', errors: [{ pointer: '?sort', detail: `must be one of ${orders.join(', ')}` }] })]);
      }
      expect(await call(name, `?sort=${orders[0]}&sort=${orders[1]}`)).toMatchObject({ status: 422 });
      for (const [own = '', other = ''] of [orders, [...orders].reverse()]) {
        const { next } = (await call(name, `?sort=${own}&limit=1`)).body as Entries;
        expect([name, (await call(name, `?sort=${own}&limit=1&after=${next}`)).status]).toEqual([name, 200]);
        for (const [sort, after] of [[other, next], [own, `${next?.slice(0, -2)}AA`], [own, `A${next?.slice(1)}`]]) {
          if (after === next && sort === own) continue;
          expect([name, sort, await call(name, `?sort=${sort}&after=${after}`)]).toEqual([name, sort, expect.objectContaining({ status: 400, body: expect.objectContaining({ code: 'CURSOR_INVALID' }) })]);
        }
      }
    }
  });
});

describe('every operation', () => {
  it('refuses query parameters that it does not know', async () => {
    for (const [name, operation] of operations) {
      // These answer anybody, and see to their body first.
      if (operation.security?.length === 0) continue;
      for (const parameter of ['surprise', '__proto__', 'constructor']) {
        const { status, body } = await call(name, `?${parameter}=1`);
        if (status === 415) continue;
        expect([name, parameter, status, body.errors?.map(({ pointer }) => pointer)]).toEqual([name, parameter, 422, expect.arrayContaining([`?${parameter}`])]);
      }
    }
  });
});

describe('a list by pages', () => {
  it('shows what was there at its beginning once each, though transactions that began earlier end later', async () => {
    const database = hub.app.get(Database);
    const insert = (tx: Pick<Database, 'execute'>, id: string): Promise<number> => tx.execute(`insert into governance.api_client (id, name, scopes) values ($1, 'late', '{}')`, [id]);
    let commit: (() => void) | undefined;
    const late = database.transaction(async (tx) => {
      await insert(tx, 'late00000000');
      await new Promise<void>((resolve) => (commit = resolve));
    });
    await expect.poll(() => commit !== undefined).toBe(true);
    for (let index = 0; index < 5; index += 1) await insert(database, `later000000${index}`);
    const before = await database.query<{ id: string }>('select id from governance.api_client order by source_id');
    const seen: string[] = [];
    for (let after: string | null = ''; after !== null;) {
      const page = (await call('GET /admin/v1/clients', `?limit=2&after=${after}`)).body as { items: { id: string }[]; next: string | null };
      seen.push(...page.items.map(({ id }) => id));
      after = page.next;
      if (seen.length === 4) commit?.();
    }
    await late;
    expect(before.map(({ id }) => id).filter((id) => seen.filter((one) => one === id).length !== 1)).toEqual([]);
    expect(new Set(seen).size).toBe(seen.length);
  });
});
