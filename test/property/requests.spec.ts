import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWholeApp, type WholeApp } from '../support/whole-app.js';

/** How many requests each operation gets; FUZZ_RUNS=20000 is the long form, run by hand. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 40);

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
}

let hub: WholeApp;
let document: { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } };

beforeAll(async () => {
  hub = await startWholeApp();
  document = (await hub.app.inject('/openapi.json')).json();
  const headers = { authorization: `Bearer ${hub.masterKey}` };
  // Some requests should reach far into the hub, so a few of the names below exist.
  for (const [kind, id, payload] of [['items', 'A-1', { name: 'A' }], ['locations', 'L-1', { name: 'L', type: 'store' }], ['channels', 'C-1', { name: 'C', locations: ['L-1'] }]] as const) {
    await hub.app.inject({ method: 'PUT', url: `/api/v1/${kind}/${id}`, headers, payload });
  }
});

afterAll(async () => {
  await hub.stop();
});

/** Text that has broken something somewhere: in SQL, in paths, in headers, in Unicode, in numbers. */
const text = fc.oneof(
  fc.constantFrom('A-1', 'L-1', 'C-1', '', ' ', "'", "'; drop table x; --", '%', '%%', '\\', '../..', '\u202e', 'é', 'e\u0301', '😀', 'null', 'true', '-0', '1e400', '{}', '${7*7}', '9'.repeat(400), 'x'.repeat(70), '\t\n', '\u007f', '\ufeff'),
  fc.string({ maxLength: 80 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);
const number = fc.oneof(fc.constantFrom(0, -0, 1, -1, 0.5, 2 ** 31 - 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, 2 ** 53, 2 ** 63, 1e300, -1e300, 5e-324), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const moment = fc.oneof(fc.constantFrom('0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '2026-11-23T10:00:00Z', '2026-11-23T10:00:00+14:00', '2026-02-30T00:00:00Z', '2026-06-30T23:59:60Z', '-2026-01-01T00:00:00Z', '+275760-09-13T00:00:00Z', '2026-11-23'), fc.date({ noInvalidDate: true }).map((date) => date.toISOString()));

function resolved(schema: Schema): Schema {
  return schema.$ref ? (document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}) : schema;
}

function objectOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const properties = Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, like(inner, depth + 1)]));
  // Mostly what is required is there: a body that lacks it is refused at the door and proves little.
  return fc.oneof({ arbitrary: fc.record(properties, { requiredKeys: [...(schema.required ?? [])].filter((name) => name in properties) }), weight: 9 }, { arbitrary: fc.record(properties, { requiredKeys: [] }), weight: 1 });
}

function fitting(given: Schema, depth: number): fc.Arbitrary<unknown> {
  const schema = resolved(given);
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (choices) return fc.oneof(...choices.map((choice) => like(choice, depth)));
  const type = Array.isArray(schema.type) ? (schema.type as readonly string[])[0] : schema.type;
  if (type === 'object' || schema.properties) return objectOf(schema, depth);
  if (type === 'array') return depth > 5 ? fc.constant([]) : fc.array(like(schema.items ?? {}, depth + 1), { maxLength: 4 });
  if (type === 'integer' || type === 'number') return fc.oneof(number, fc.integer({ min: Math.ceil(schema.minimum ?? 0), max: Math.min(schema.maximum ?? 100, 1_000_000) }));
  if (type === 'boolean') return fc.boolean();
  if (schema.format === 'date-time') return moment;
  return type === 'string' ? text : fc.jsonValue({ maxDepth: 3 });
}

/** Values that mostly fit a schema, and sometimes do not at all. */
function like(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: fitting(schema, depth), weight: 19 }, { arbitrary: fc.jsonValue({ maxDepth: 2 }), weight: 1 });
}

/** As a caller would write a value in a path or query. */
const written = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

interface Shot {
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

function shotAt(operation: Operation): fc.Arbitrary<Shot> {
  const parameters = (where: string): Record<string, fc.Arbitrary<string>> =>
    Object.fromEntries((operation.parameters ?? []).filter((parameter) => parameter.in === where).map((parameter) => [parameter.name, fc.oneof(text, like(parameter.schema ?? {}).map(written))]));
  const json = operation.requestBody?.content['application/json']?.schema;
  return fc.record({ path: fc.record(parameters('path')), query: fc.record(parameters('query'), { requiredKeys: [] }), body: json ? like(json) : fc.oneof(fc.constant(undefined), text) });
}

async function fire(method: string, path: string, { path: values, query, body }: Shot): Promise<{ status: number; sent: string; answer: string }> {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent((values[name] ?? 'x').toWellFormed()) || 'x');
  const search = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(written(value).toWellFormed())}`).join('&');
  const ndjson = path.endsWith('/bulk');
  const response = await hub.app.inject({
    method: method.toUpperCase() as 'GET',
    url: search ? `${filled}?${search}` : filled,
    headers: { authorization: `Bearer ${path.startsWith('/admin/') ? hub.adminToken : hub.masterKey}`, ...(body === undefined ? {} : { 'content-type': ndjson ? 'application/x-ndjson' : 'application/json' }) },
    payload: body === undefined ? undefined : ndjson ? written(body) : JSON.stringify(body),
  });
  return { status: response.statusCode, sent: `${method} ${filled}?${search} ${JSON.stringify(body)}`, answer: response.payload.slice(0, 2_000) };
}

/** Sessions end, and clients lose their keys, when these are fired at; passwords are slow on purpose. */
const SPARED = new Set([
  'delete /admin/v1/sessions', 'delete /admin/v1/sessions/current', 'post /admin/v1/sessions/current/rotate',
  'post /admin/v1/sessions', 'post /admin/v1/setup', 'put /admin/v1/me/password',
]);

it('answers no request with a fault of its own, whatever stands in it', async () => {
  const counts: Record<string, number> = {};
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (SPARED.has(`${method} ${path}`)) continue;
      await fc.assert(
        fc.asyncProperty(shotAt(operation), async (shot) => {
          const { status, sent, answer } = await fire(method, path, shot);
          const kind = `${Math.floor(status / 100)}xx`;
          counts[kind] = (counts[kind] ?? 0) + 1;
          expect([sent, status, status < 500 ? '' : answer]).toEqual([sent, expect.any(Number), '']);
        }),
        { numRuns: RUNS },
      );
    }
  }
  // The property would hold of a hub that refuses everything: some of it has to get through.
  expect(counts['2xx'] ?? 0).toBeGreaterThan(RUNS);
  expect((await hub.app.inject('/health/ready')).statusCode).toBe(200);
}, 300_000);
