import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OBJECTS } from '../support/access/objects.js';
import { OPEN_ROUTES } from '../support/access/table.js';
import { startWholeApp, type WholeApp } from '../support/whole-app.js';

let hub: WholeApp;
let document: Record<string, unknown>;

beforeAll(async () => {
  hub = await startWholeApp();
  document = (await hub.app.inject('/openapi.json')).json();
});

afterAll(async () => {
  await hub.stop();
});

/** Pages for browsers, and what they ask of the hub for themselves. */
const PAGES = /^\/$|^\/(docs|admin\/queues)(\/|$)/;

it('describes every route in an OpenAPI 3.1 document, with its security and its problems', () => {
  const { openapi, paths, tags: tagged } = document as unknown as { openapi: string; paths: Record<string, Record<string, Operation>>; tags: { name: string }[] };
  expect(openapi).toMatch(/^3\.1\.\d+$/);
  const described = Object.entries(paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })));
  const served = hub.routes.filter(({ method, url }) => method !== 'HEAD' && !PAGES.test(url)).map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
  expect(described.map(({ name }) => name).sort()).toEqual(served.sort());
  const ids = described.map(({ operation }) => operation.operationId);
  expect(ids.filter((id, index) => !/^[a-z]\w+$/.test(id ?? '') || ids.indexOf(id) !== index)).toEqual([]);
  const tags = tagged.map((tag) => tag.name);
  for (const { name, operation } of described) {
    expect([name, operation.summary ?? '']).toEqual([name, expect.stringMatching(/\w/)]);
    expect([name, operation.tags]).toEqual([name, [expect.stringMatching(new RegExp(`^(${tags.join('|')})$`))]]);
    expect([name, operation.security?.every((way) => Object.keys(way).length > 0) === false || operation.security?.length === 0]).toEqual([name, OPEN_ROUTES.includes(name.replaceAll(/\{(\w+)\}/g, ':$1'))]);
    expect([name, operation.responses['default']]).toEqual([name, { $ref: '#/components/responses/Problem' }]);
    expect([name, Object.keys(operation.responses).some((status) => /^[23]/.test(status))]).toEqual([name, true]);
  }
  expect(danglingReferences(document)).toEqual([]);
});

it('says of every operation of the business API what it means for a client that is limited to some objects', () => {
  const { paths } = document as unknown as { paths: Record<string, Record<string, Operation>> };
  const business = Object.entries(paths).flatMap(([path, item]) => (path.startsWith('/api/') ? Object.values(item).map(({ operationId }) => operationId) : []));
  expect(business.sort()).toEqual(Object.keys(OBJECTS).sort());
});

it('describes bodies, answers and parameters with schemas that are valid in JSON Schema 2020-12', () => {
  const schemas = schemasWithin(document);
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
