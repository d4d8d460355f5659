import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWholeApp, type ListedRoute, type WholeApp } from '../support/whole-app.js';

/** Every route that answers somebody whom the hub does not know. A new one is a decision: it is added here by hand. */
const PUBLIC = [
  'GET /docs',
  'GET /docs/assets/:name',
  'GET /docs/errors',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'GET /openapi.json',
  'POST /admin/v1/sessions',
  'POST /admin/v1/setup',
];
/** Public at the guard, with a check of their own: the sender's signature. */
const SIGNED = ['POST /webhooks/:connectionId', 'POST /webhooks/:connectionId/:topic'];

let hub: WholeApp;

async function call(method: string, url: string, token?: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await hub.app.inject({ method: method as 'GET', url: url.replaceAll(/:\w+|\*/g, 'x'), headers: token ? { authorization: `Bearer ${token}` } : {} });
  return { status: response.statusCode, body: response.payload.startsWith('{') ? (response.json() as Record<string, unknown>) : {} };
}

beforeAll(async () => {
  hub = await startWholeApp();
});

afterAll(async () => {
  await hub.stop();
});

const isOpen = ({ method, url }: ListedRoute): boolean => [...PUBLIC, ...SIGNED].includes(`${method === 'HEAD' ? 'GET' : method} ${url}`);

it('pins the list of routes that answer anybody', async () => {
  const answered: string[] = [];
  for (const route of hub.routes.filter(({ method }) => method !== 'HEAD')) if ((await call(route.method, route.url)).body.code !== 'UNAUTHENTICATED') answered.push(`${route.method} ${route.url}`);
  expect(answered.filter((route) => !SIGNED.includes(route)).sort()).toEqual(PUBLIC);
});

it('answers 401 on every other route to nobody, and to a token that is none', async () => {
  const closed = hub.routes.filter((route) => !isOpen(route));
  expect(closed.length).toBeGreaterThan(10);
  for (const route of closed) {
    for (const token of [undefined, 'cds_nonsense', `cds_${'A'.repeat(43)}`, `cdk_aaaaaaaaaaaa_${'A'.repeat(43)}`]) {
      expect([route, token, (await call(route.method, route.url, token)).status]).toEqual([route, token, 401]);
    }
  }
});

it('answers 403 to the wrong kind of caller on every route that has one', async () => {
  let proved = 0;
  for (const route of hub.routes.filter((one) => !isOpen(one))) {
    const admins = route.url.startsWith('/admin/');
    const reads = route.method === 'GET' || route.method === 'HEAD';
    if (admins) for (const key of hub.keys.values()) expect([route, (await call(route.method, route.url, key)).status]).toEqual([route, 403]);
    else if (!reads) expect([route, (await call(route.method, route.url, hub.adminToken)).status]).toEqual([route, 403]);
    proved += admins || !reads ? 1 : 0;
  }
  expect(proved).toBeGreaterThan(5);
});

it('opens each business route to at most one scope alone', async () => {
  for (const route of hub.routes.filter((one) => !isOpen(one) && !one.url.startsWith('/admin/'))) {
    const letIn: string[] = [];
    for (const [scope, key] of hub.keys) if ((await call(route.method, route.url, key)).status !== 403) letIn.push(scope);
    expect([route, letIn.length]).toEqual([route, 1]);
  }
});

it('describes every route in an OpenAPI 3.1 document, with its security and its problems', async () => {
  const { body } = await call('GET', '/openapi.json');
  const document = body as unknown as { openapi: string; paths: Record<string, Record<string, Operation>>; tags: { name: string }[]; components: { securitySchemes: object; schemas: object; responses: object } };
  expect(document.openapi).toMatch(/^3\.1\.\d+$/);
  const described = Object.entries(document.paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })));
  const served = hub.routes.filter(({ method, url }) => method !== 'HEAD' && !url.startsWith('/docs')).map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
  expect(described.map(({ name }) => name).sort()).toEqual(served.sort());
  const ids = described.map(({ operation }) => operation.operationId);
  expect(ids.filter((id, index) => !/^[a-z]\w+$/.test(id ?? '') || ids.indexOf(id) !== index)).toEqual([]);
  const tags = document.tags.map((tag) => tag.name);
  for (const { name, operation } of described) {
    expect([name, operation.summary ?? '']).toEqual([name, expect.stringMatching(/\w/)]);
    expect([name, operation.tags]).toEqual([name, [expect.stringMatching(new RegExp(`^(${tags.join('|')})$`))]]);
    expect([name, operation.security?.length === 0]).toEqual([name, [...PUBLIC, ...SIGNED].includes(name.replaceAll(/\{(\w+)\}/g, ':$1'))]);
    expect([name, operation.responses['default']]).toEqual([name, { $ref: '#/components/responses/Problem' }]);
    expect([name, Object.keys(operation.responses).some((status) => status.startsWith('2'))]).toEqual([name, true]);
  }
  expect(danglingReferences(body)).toEqual([]);
});

it('describes bodies, answers and parameters with schemas that are valid in JSON Schema 2020-12', async () => {
  const { body } = await call('GET', '/openapi.json');
  const schemas = schemasWithin(body);
  expect(schemas.length).toBeGreaterThan(50);
  const ajv = new Ajv2020({ strict: false });
  expect(schemas.filter((schema) => !ajv.validateSchema(schema as object) || 'nullable' in (schema as object))).toEqual([]);
});

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: string[];
  readonly security?: object[];
  readonly responses: Record<string, object>;
}

/** Everything that stands under a `schema` or in components.schemas. */
function schemasWithin(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => (name === 'schema' ? [inner] : name === 'schemas' ? Object.values(inner as object) : schemasWithin(inner)));
}

/** References of the document that lead nowhere in it. */
function danglingReferences(document: Record<string, unknown>): string[] {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] as string);
  const leads = (reference: string): boolean => reference.startsWith('#/') && reference.slice(2).split('/').reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')], document) !== undefined;
  return [...new Set(references)].filter((reference) => !leads(reference));
}
