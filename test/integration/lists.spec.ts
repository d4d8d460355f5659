import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../src/core/persistence/database.js';
import { startWholeApp, type WholeApp } from '../support/whole-app.js';

interface Operation {
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
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
      const { status, body } = await call(name, `?sort=name${required}`);
      const detail = body.errors?.find(({ pointer }) => pointer === '?sort')?.detail ?? '';
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
