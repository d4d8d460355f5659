import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JSON_LIMITS, type JsonLimit } from '../../src/core/http/body/json-limits.js';
import { Database } from '../../src/core/persistence/database.js';
import { startWholeApp, type WholeApp } from '../support/whole-app.js';

interface Operation {
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema?: { readonly type?: unknown } }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
}
interface Problem {
  readonly code?: string;
  readonly status?: number;
  readonly errors?: readonly { readonly pointer: string }[];
  readonly facts?: unknown;
}
interface Reply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

const deep = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

/** For each limit a body that is beyond it, and the place that has to be named. */
const BEYOND: Readonly<Record<JsonLimit, { readonly body: unknown; readonly pointer: string }>> = {
  levels: { body: { probe: deep(JSON_LIMITS.levels) }, pointer: `/probe${'/0'.repeat(JSON_LIMITS.levels - 1)}` },
  fields: { body: { probe: Object.fromEntries(Array.from({ length: JSON_LIMITS.fields + 1 }, (_, index) => [index, 0])) }, pointer: '/probe' },
  entries: { body: { probe: [0, new Array(JSON_LIMITS.entries + 1).fill(0)] }, pointer: '/probe/1' },
  characters: { body: { probe: { inner: 'x'.repeat(JSON_LIMITS.characters + 1) } }, pointer: '/probe/inner' },
  nameCharacters: { body: { probe: [{ ['x'.repeat(JSON_LIMITS.nameCharacters + 1)]: 0 }] }, pointer: '/probe/0' },
};
const LIMITS = Object.keys(BEYOND) as JsonLimit[];

let hub: WholeApp;
/** `METHOD /path` of every operation, as the hub's own document has them. */
let operations: [string, Operation][];
let takingBody: [string, Operation][];

beforeAll(async () => {
  hub = await startWholeApp();
  const { paths } = (await hub.app.inject('/openapi.json')).json<{ paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }>();
  operations = Object.entries(paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]): [string, Operation] => [`${method.toUpperCase()} ${path}`, operation]));
  takingBody = operations.filter(([, { requestBody }]) => requestBody);
});

afterAll(async () => {
  await hub.stop();
});

async function send(operation: string, { security = [] }: Operation, query: string, type?: string, payload?: string): Promise<Reply> {
  const [method, path = ''] = operation.split(' ');
  const token = security.some((way) => 'apiKey' in way) ? hub.masterKey : hub.adminToken;
  const headers = { authorization: `Bearer ${token}`, ...(type ? { 'content-type': type } : {}), ...(type === 'application/json' ? { 'idempotency-key': `${operation.replaceAll(/\W/g, '')}-${Math.random()}` } : {}) };
  const response = await hub.app.inject({ method: method as 'GET', url: path.replaceAll(/\{\w+\}/g, 'x') + query, headers, ...(payload === undefined ? {} : { payload }) });
  return { status: response.statusCode, type: String(response.headers['content-type']), text: response.payload };
}

/** How many rows each table has, the audit log apart, which tells of refusals as well. */
async function rows(): Promise<Record<string, number>> {
  const database = hub.app.get(Database);
  const tables = await database.query<{ name: string }>(`select format('%I.%I', table_schema, table_name) as name from information_schema.tables where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema', 'audit') order by 1`);
  const counts = await database.query<{ name: string; rows: number }>(tables.map(({ name }) => `select '${name}' as name, count(*)::int as rows from ${name}`).join(' union all '));
  return Object.fromEntries(counts.map(({ name, rows: count }) => [name, count]));
}

describe('every operation that takes a body', () => {
  it.each(LIMITS)('refuses one that is beyond the limit of %s, names the place, and does nothing', async (limit) => {
    const { body, pointer } = BEYOND[limit];
    const before = await rows();
    let asked = 0;
    for (const [name, operation] of takingBody) {
      const types = Object.keys(operation.requestBody?.content ?? {});
      // A delivery is bytes until its signature holds, and a form has no levels.
      if (types.includes('*/*') || types.includes('application/x-www-form-urlencoded')) continue;
      asked += 1;
      const answer = await send(name, operation, '', 'application/json', JSON.stringify(body));
      expect([name, answer.status, answer.type, JSON.parse(answer.text)]).toEqual([name, 422, expect.stringContaining('application/problem+json'), expect.objectContaining({ code: 'BODY_TOO_COMPLEX', status: 422, errors: [{ pointer, detail: expect.any(String) }], facts: { limit, most: JSON_LIMITS[limit] } })]);
    }
    expect(asked).toBeGreaterThan(25);
    expect(await rows()).toEqual(before);
  });

  it('takes the same limits for each line of NDJSON', async () => {
    const before = await rows();
    const bulk = takingBody.filter(([, { requestBody }]) => requestBody && 'application/x-ndjson' in requestBody.content);
    expect(bulk.length).toBeGreaterThan(2);
    for (const [name, operation] of bulk) {
      const answer = await send(name, operation, '', 'application/x-ndjson', LIMITS.map((limit) => JSON.stringify(BEYOND[limit].body)).join('\n'));
      const lines = answer.text.trim().split('\n').map((line) => JSON.parse(line) as { status: string } & Problem);
      expect([name, lines.map(({ status, code, errors }) => [status, code, errors?.[0]?.pointer])]).toEqual([name, LIMITS.map((limit) => ['rejected', 'BODY_TOO_COMPLEX', BEYOND[limit].pointer])]);
    }
    expect(await rows()).toEqual(before);
  });

  it('refuses a form and a delivery that are not its own kind, and nothing by accident', async () => {
    for (const [name, operation] of takingBody) {
      const types = Object.keys(operation.requestBody?.content ?? {});
      if (!types.includes('*/*') && !types.includes('application/x-www-form-urlencoded')) continue;
      for (const limit of LIMITS) {
        const answer = await send(name, operation, '', 'application/json', JSON.stringify(BEYOND[limit].body));
        expect([name, answer.status, answer.type]).toEqual([name, types.includes('*/*') ? 404 : 415, expect.stringContaining('application/problem+json')]);
      }
    }
  });
});

describe('every operation that takes a query', () => {
  it('refuses what is not UTF-8, holds U+0000, or comes twice and is no list, by its name', async () => {
    let asked = 0;
    for (const [name, operation] of operations.filter(([path]) => /^\w+ \/(api|admin)\/v1\//.test(path) && !path.includes('/oidc/'))) {
      for (const { name: parameter, schema } of (operation.parameters ?? []).filter((one) => one.in === 'query')) {
        asked += 1;
        for (const value of ['%ff', '%c3', 'a%00b', '%ed%a0%80', '%zz', '%']) {
          const { status, text } = await send(name, operation, `?${parameter}=${value}`);
          expect([name, value, status, JSON.parse(text)]).toEqual([name, value, 400, expect.objectContaining({ code: 'MALFORMED_REQUEST', errors: [{ pointer: `?${parameter}`, detail: expect.any(String) }] })]);
        }
        if ([schema?.type].flat().includes('array')) continue;
        const twice = await send(name, operation, `?${parameter}=1&${parameter}=2`);
        if (twice.status === 415) continue;
        expect([name, parameter, twice.status, (JSON.parse(twice.text) as Problem).errors?.map(({ pointer }) => pointer)]).toEqual([name, parameter, 422, expect.arrayContaining([`?${parameter}`])]);
      }
    }
    expect(asked).toBeGreaterThan(50);
  });
});

it('says in docs/limits.md and in the OpenAPI document what the limits are', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/limits.md'), 'utf8');
  const { info } = (await hub.app.inject('/openapi.json')).json<{ info: { description: string } }>();
  for (const most of Object.values(JSON_LIMITS)) for (const text of [page, info.description]) expect(text).toContain(` ${most.toLocaleString('en')} `);
});
