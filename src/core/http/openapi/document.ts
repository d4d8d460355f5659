import type { INestApplication } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import packageJson from '../../../../package.json' with { type: 'json' };
import { SCOPES, SCOPE_MEANINGS, USER_ROLES } from '../../governance/access.js';
import { takesKey } from '../idempotency/idempotency-hooks.js';
import { JSON_LIMITS } from '../body/json-limits.js';
import type { JsonSchema } from '../json-schema.js';
import { PROBLEM_RESPONSES, PROBLEM_SCHEMA, type ProblemResponse } from './problem-schema.js';
import { declaredRoutes, type Route } from './routes.js';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;
type Parameters = NonNullable<Operation['parameters']>;

const words = (most: number): string => most.toLocaleString('en');

const DESCRIPTION = `One ledger of stock, one figure per channel, published within moments.

Everything is JSON in UTF-8. Refusals are problem details (RFC 9457) with a stable \`code\`. Lists are paged by cursor: pass \`next\` of a page as \`after\`, as it is;
what was there before the first page is on exactly one page. Lists that can be had the other way round take \`sort\`; a page goes on only in the order that it began in. The ledger is a feed: its \`next\` goes on for ever, up to a safe watermark, and misses nothing that is committed late.
Times are RFC 3339 in UTC; quantities are whole numbers in the item's stock-keeping unit. Bodies with the same key twice, numbers beyond a double
or text that is not well-formed Unicode are refused: what is stored is what was written. So are bodies of more than ${words(JSON_LIMITS.levels)} levels, with an object of
more than ${words(JSON_LIMITS.fields)} fields, a list of more than ${words(JSON_LIMITS.entries)} entries, a text of more than ${words(JSON_LIMITS.characters)} characters or a field's name of more
than ${words(JSON_LIMITS.nameCharacters)} characters (\`BODY_TOO_COMPLEX\`, with the place; docs/limits.md).

Every write takes an \`Idempotency-Key\`. The same request with the same key within 24 hours is answered as the first time, with \`Idempotency-Replayed: true\`, and
has one effect; another request with it is refused (\`IDEMPOTENCY_KEY_REUSED\`), and one that comes while the first is under way too (\`IDEMPOTENCY_KEY_IN_USE\`).`;

/** In the order in which a newcomer meets them. A module's own tag is described here, so that the page reads as one text. */
const TAGS: Readonly<Record<string, string>> = {
  setup: 'Claiming a fresh hub',
  account: 'Your own account',
  sessions: 'Sessions of users',
  users: 'People of the admin side, and their roles',
  clients: 'API clients, their keys, scopes and limits',
  oauth2: 'Access tokens for API clients',
  audit: 'What was done on the admin side, and by whom',
  keys: 'Master keys, which credentials are sealed under',
  plugins: 'Connectors that are installed, and the wall they run behind',
  connections: 'Connections to outside systems, their plugins and credentials',
  'cross-references': 'What outside systems call the items and locations',
  matching: 'What outside systems list, compared with the catalogue: candidates and conflicts',
  items: 'The catalogue: items',
  locations: 'The catalogue: places that hold stock',
  channels: 'The catalogue: channels that sell, and where each may source from',
  stock: 'Movements, observations, levels and the ledger',
  availability: 'What each channel may sell, with the terms of the figure, and selling rules',
  reservations: 'Promises of stock, made so that none is made twice',
  webhooks: 'Deliveries from outside systems',
  timelines: 'What became of one correlation id, from the delivery to the channel',
  deliveries: 'Deliveries that came in, and what became of them',
  feeds: 'What the hub polls, how far it is, and what can be done about it',
  exceptions: 'What could not be applied, and waits for somebody or something',
  posting: 'Movements of the ledger on their way into the books of outside systems',
  publication: 'Figures on their way to the channels: what waits, what stands in the way, and what a person can do about it',
  operations: 'Health, metrics and this document',
};

const ref = (name: ProblemResponse): never => ({ $ref: `#/components/responses/${name}` }) as never;

function securityOf({ rule, method }: Route): Record<string, string[]>[] {
  if (rule?.kind === 'public') return [];
  // OpenAPI 3.1 lets the list name a role where there are no scopes.
  if (rule?.kind !== 'scope') return [{ session: rule ? [rule.least] : [] }];
  const client = { apiKey: [...rule.scopes] };
  const token = { oauth2: [...rule.scopes] };
  const closed = method === 'get' ? [client, token, { session: ['viewer'] }] : [client, token];
  return rule.openWhere ? [{}, ...closed] : closed;
}

function refusalsOf(route: Route): ProblemResponse[] {
  const takesBody = route.method !== 'get' && route.method !== 'delete';
  const names: ProblemResponse[] = ['Problem'];
  if (route.rule?.kind !== 'public') names.push('Unauthenticated', 'Forbidden');
  if (takesBody && !route.rawBody) names.push('Unreadable', 'TooLarge', 'WrongType', 'Invalid');
  if (route.rawBody) names.push('Unauthenticated', 'TooLarge');
  if (route.querySchema) names.push('Invalid');
  names.push('Unavailable');
  return names;
}

const STATUS: Readonly<Record<ProblemResponse, string>> = { Unreadable: '400', Unauthenticated: '401', Forbidden: '403', TooLarge: '413', WrongType: '415', Invalid: '422', Unavailable: '503', Problem: 'default' };

/** Bodies of other types than JSON may be described at the route; what is said there is more than what is known here. */
function bodyOf(route: Route, described: Operation['requestBody']): Operation['requestBody'] | undefined {
  if (route.rawBody) return { required: true, description: 'The delivery exactly as its sender signed it.', content: { '*/*': { schema: { type: 'string', format: 'binary' } } } };
  const { bodySchema, bodyRule: { ndjson, csv, form } } = route;
  if (!bodySchema && !ndjson && !csv && !form) return undefined;
  const own = described && 'content' in described ? Object.entries(described.content).filter(([type]) => type !== 'application/json') : [];
  const json = { 'application/json': { schema: plain(bodySchema ?? {}) as never } };
  const lines = { 'application/x-ndjson': { schema: { type: 'string', description: 'One JSON object a line.' } as never } };
  const table = { 'text/csv': { schema: { type: 'string' } as never } };
  return { required: true, content: { ...(bodySchema ? json : {}), ...(ndjson ? lines : {}), ...(csv ? table : {}), ...(plain(Object.fromEntries(own)) as object) } };
}

/** TypeBox marks its schemas with symbols, which must not reach a copy that is compared or served. */
function plain(schema: JsonSchema): unknown {
  return JSON.parse(JSON.stringify(schema)) as unknown;
}

function queryOf(schema: JsonSchema): Parameters {
  const { properties = {}, required = [] } = plain(schema) as { properties?: Record<string, { description?: string; default?: unknown }>; required?: string[] };
  return Object.entries(properties).map(([name, inner]) => ({ name, in: 'query', required: required.includes(name) && inner.default === undefined, description: inner.description, schema: inner as never }));
}

/** Kept once, and referred to by every write. */
const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key', in: 'header', required: false, description: 'Makes the request safe to send again. Unique among the caller\'s requests, for example a UUID.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
};

function complete(operation: Operation, route: Route): void {
  operation.security = securityOf(route);
  const body = bodyOf(route, operation.requestBody);
  if (body) operation.requestBody = body;
  if (route.querySchema) operation.parameters = [...(operation.parameters ?? []).filter((parameter) => !('in' in parameter) || parameter.in !== 'query'), ...queryOf(route.querySchema)];
  if (takesKey(route.method.toUpperCase(), route.path) && route.rule?.kind !== 'public') operation.parameters = [...(operation.parameters ?? []), { $ref: '#/components/parameters/IdempotencyKey' }];
  for (const name of refusalsOf(route)) operation.responses[STATUS[name]] ??= ref(name);
}

/** A path that @nestjs/swagger found, with the names of its parameters taken out: the two readers may differ in those. */
const shapeOf = (path: string): string => path.replace(/\{[^}]*\}/g, '{}');

/** `read` of `StockLevelController` becomes `readStockLevel`, where a route names no operationId itself. */
function operationId(controller: string, method: string): string {
  return `${method}${controller.replace(/Controller$/, '')}`;
}

/** The OpenAPI 3.1 document of everything that `app` serves. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Crossdock')
    .setDescription(DESCRIPTION)
    .setVersion(packageJson.version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: `An API key (\`cdk_…\`). Scopes: ${SCOPES.join(', ')}.` }, 'apiKey')
    .addOAuth2({ type: 'oauth2', description: 'An access token (`cdt_…`) of an API client, for its id and one of its keys.', flows: { clientCredentials: { tokenUrl: '/oauth2/token', scopes: SCOPE_MEANINGS } } }, 'oauth2')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: `The token of a user's session (\`cds_…\`). What each operation asks is the least role of ${USER_ROLES.join(', ')}; every role may read the business API.` }, 'session');
  const document = SwaggerModule.createDocument(app, builder.build(), { operationIdFactory: operationId, autoTagControllers: true });
  const routes = new Map(declaredRoutes(app.get(DiscoveryService), app.get(MetadataScanner)).map((route) => [`${route.method} ${shapeOf(route.path)}`, route]));
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item) as [string, Operation][]) {
      const route = routes.get(`${method} ${shapeOf(path)}`);
      if (route) complete(operation, route);
    }
  }
  const used = new Set(Object.values(document.paths).flatMap((item) => (Object.values(item) as Operation[]).flatMap((operation) => operation.tags ?? [])));
  document.tags = Object.entries(TAGS).filter(([name]) => used.has(name)).map(([name, description]) => ({ name, description }));
  document.components = { ...document.components, schemas: { ...document.components?.schemas, Problem: PROBLEM_SCHEMA as never }, responses: PROBLEM_RESPONSES as never, parameters: { IdempotencyKey: IDEMPOTENCY_KEY as never } };
  return document;
}
