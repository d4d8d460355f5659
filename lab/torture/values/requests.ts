import fc from 'fast-check';
import type { ApiDocument, Operation, Parameter, Schema } from '../api-document.js';
import { shopDelivery, tillDelivery } from '../outside.js';
import { EXAMPLES, QUERIES } from './examples.js';
import { nearly, SchemaValues } from './from-schema.js';
import { hostileText, jsonText } from './hostile.js';
import type { World } from './world.js';

/** Who is said to call: the one that the operation asks for, or somebody else. */
export const CALLERS = ['fit', 'other kind', 'viewer', 'scopeless', 'nobody', 'garbage', 'unknown key', 'unknown session'] as const;
export type CallerName = (typeof CALLERS)[number];

/** A request as it is sent: everything but the token, which is put in at the last moment. */
export interface Request {
  readonly method: string;
  /** Path and query, encoded. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly caller: CallerName;
}

/** A body and what is said of it. */
interface Content {
  readonly headers: Record<string, string>;
  readonly body: Buffer | undefined;
}

const typed = (type: string, body: Buffer): Content => ({ headers: type === '' ? {} : { 'content-type': type }, body });

const weighted = <T>(...choices: readonly (readonly [number, fc.Arbitrary<T>])[]): fc.Arbitrary<T> => fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));

const callers = weighted<CallerName>([16, fc.constant('fit')], [2, fc.constantFrom(...CALLERS)]);
const types = fc.constantFrom('application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"', 'application/json; charset=utf-16', 'text/plain', 'text/csv', 'application/x-ndjson', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', 'application/xml', '', '/', 'application/json, text/plain', 'a'.repeat(2_000));
const keys = weighted<string>([8, fc.nat(30).map((number) => `key-${number}`)], [4, fc.uuid()], [3, hostileText]);

/** Headers as a client can send them at all; what no client sends, raw sockets do. */
function sendable(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1').replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '').slice(0, 4_000);
}

const extraHeaders: fc.Arbitrary<Record<string, string>> = weighted<Record<string, string>>(
  [10, fc.constant({})],
  [5, keys.map((key) => ({ 'idempotency-key': sendable(key) }))],
  [1, hostileText.map((text) => ({ 'x-correlation-id': sendable(text) }))],
  [1, hostileText.map((text) => ({ traceparent: sendable(text) }))],
  [1, fc.constantFrom('gzip', 'br', 'identity', 'x').map((encoding) => ({ 'content-encoding': encoding }))],
  [1, fc.constantFrom<Record<string, string>>({ 'x-forwarded-for': "1.1.1.1'" }, { 'x-http-method-override': 'DELETE' }, { accept: 'text/html' }, { range: 'bytes=0-1' }, { 'if-none-match': '*' }, { origin: 'http://evil.test' }, { cookie: '__proto__=1; a=' })],
);

const rawBodies: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom('', ' ', '{', '[', '{"a":', '{"a":1}{"b":2}', '\ufeff{}', 'null', '"x"', '0', '[]', '{}', '{"a":1,}', "{'a':1}", '[1 2]', `${' '.repeat(20_000)}{}`, `{"${'k'.repeat(70_000)}":1}`).map((text) => Buffer.from(text)),
  fc.constantFrom('{"a":1}').map((text) => Buffer.from(text, 'utf16le')),
);

/** Makes requests of operations: a share that fits, a share that almost does, and a share that could not be further off. */
export class Requests {
  private readonly values: SchemaValues;
  private readonly made = new Map<string, fc.Arbitrary<Request>>();

  constructor(
    document: ApiDocument,
    private readonly world: World,
  ) {
    this.values = new SchemaValues({ components: document.components }, world);
  }

  /** The request that a seed stands for, as far as it does not draw on what the hub has said meanwhile. */
  make(operation: Operation, seed: number): Request {
    const arbitrary = this.made.get(operation.name) ?? this.arbitrary(operation);
    this.made.set(operation.name, arbitrary);
    return fc.sample(arbitrary, { seed, numRuns: 1 })[0] as Request;
  }

  private arbitrary(operation: Operation): fc.Arbitrary<Request> {
    const usual = this.usual(operation);
    return operation.path.startsWith('/webhooks/') ? weighted<Request>([1, usual], [1, signed(operation)]) : usual;
  }

  private usual(operation: Operation): fc.Arbitrary<Request> {
    return fc.record({ path: this.path(operation), query: this.query(operation), content: this.content(operation), extra: extraHeaders, caller: callers }).map(({ path, query, content, extra, caller }) => ({
      method: operation.method, target: `${path}${query}`, headers: { ...content.headers, ...extra }, body: content.body, caller,
    }));
  }

  private path({ path, parameters }: Operation): fc.Arbitrary<string> {
    const inPath = parameters.filter((parameter) => parameter.in === 'path');
    const parts = inPath.map((parameter) => weighted<string>([7, this.pathValue(path, parameter)], [2, hostileText.map(encoded)], [1, fc.constantFrom('.', '..', '%2e%2e', '%', '%zz', '%00', '%2F', '%ff', '*', ':id', 'x'.repeat(600), ';a=b', '~')]));
    const filled = (values: readonly string[]): string => inPath.reduce((at, { name }, index) => at.replace(`{${name}}`, () => values[index] ?? ''), path);
    const anywhere = fc.tuple(...parts).map(filled);
    const last = inPath.at(-1);
    if (!last) return anywhere;
    const at = (pick: (nth: number) => readonly string[] | undefined): fc.Arbitrary<string> => fc.nat(100_000).chain((nth) => {
      const place = pick(nth);
      return place?.length === inPath.length ? fc.constant(filled(place.map(encoded))) : anywhere;
    });
    // What is beneath one thing is not beneath another: parts that were seen together lead further than parts that exist.
    const together = at((nth) => this.world.pickPlace(nth, path.slice(0, path.indexOf(`/{${last.name}}`))));
    const granted = at((nth) => this.world.pickGranted(nth, path));
    return weighted<string>([2, together], [2, granted], [2, anywhere]);
  }

  private pathValue(path: string, { name, schema }: Parameter): fc.Arbitrary<string> {
    const collection = path.slice(0, path.indexOf(`/{${name}}`));
    return fc.nat(10_000).chain((nth) => {
      const known = this.world.pick(nth, `${collection} id`, `${collection} name`, name);
      return known === undefined ? this.values.valid(schema, name).map((value) => encoded(String(value))) : fc.constant(encoded(known));
    });
  }

  private query({ name: operation, parameters }: Operation): fc.Arbitrary<string> {
    const made = this.madeQuery(parameters);
    const known = QUERIES[operation];
    return known ? weighted<string>([1, made], [1, fc.constantFrom(...known).map((query) => `?${query}`)]) : made;
  }

  private madeQuery(parameters: readonly Parameter[]): fc.Arbitrary<string> {
    const inQuery = parameters.filter((parameter) => parameter.in === 'query');
    const one = ({ name, schema, required }: Parameter): fc.Arbitrary<string> => {
      const fits = (name === 'after' ? fc.nat(10_000).map((nth) => this.world.pick(nth, 'next') ?? '') : this.values.valid(schema, name)).map((value) => [value].flat().map((single) => `${name}=${encoded(String(single))}`).join('&'));
      const off = fc.oneof(hostileText.map((text) => `${name}=${encoded(text)}`), fc.constantFrom(`${name}=1&${name}=2`, `${name}[]=1`, `${name}[a]=1`, name, `${name}=%`, `${name}=%00`, `${name}=1e400`, `${name}=-1`));
      return weighted<string>([required ? 12 : 4, fits], [1, off], [required ? 1 : 6, fc.constant('')]);
    };
    const strange = weighted<string>([14, fc.constant('')], [1, hostileText.map((text) => `${encoded(text)}=1`)], [1, fc.constantFrom('__proto__=1', 'sort=name', 'constructor[prototype][a]=1', '&&&', '=', 'a'.repeat(3_000))]);
    return fc.tuple(...inQuery.map(one), strange).map((parts) => {
      const given = parts.filter((part) => part !== '');
      return given.length === 0 ? '' : `?${given.join('&')}`;
    });
  }

  private content({ bodies, method, name }: Operation): fc.Arbitrary<Content> {
    const nothing = fc.constant<Content>({ headers: {}, body: undefined });
    const strange = fc.tuple(types, rawBodies).map(([type, body]) => typed(type, body));
    if (bodies.size === 0) return weighted<Content>([method === 'GET' ? 30 : 12, nothing], [1, strange]);
    const fitting = [...bodies].map(([type, schema]) => {
      if (type === 'application/x-ndjson') return this.lines(schema).map((body) => typed(type, body));
      if (type === 'application/x-www-form-urlencoded') return this.form(schema, name).map((body) => typed(type, body));
      if (type === 'text/csv') return CSV.map((body) => typed(type, body));
      if (type === '*/*') return weighted<Content>([1, strange], [1, fc.tuple(types, fc.jsonValue()).map(([given, value]) => typed(given, Buffer.from(JSON.stringify(value))))]);
      return this.json(schema, name).map((body) => typed(type, body));
    });
    return weighted<Content>([14, fc.oneof(...fitting)], [1, strange], [1, nothing]);
  }

  private json(schema: Schema, operation: string): fc.Arbitrary<Buffer> {
    const fitting = this.fitting(schema, operation);
    return weighted<unknown>([5, fitting], [7, nearly(fitting)], [1, fc.constant([])]).map((value) => Buffer.from(jsonText(value)));
  }

  private fitting(schema: Schema, operation: string): fc.Arbitrary<unknown> {
    const examples = EXAMPLES[operation];
    const made = this.values.valid(schema);
    return examples ? weighted<unknown>([1, made], [2, fc.constantFrom(...examples)]) : made;
  }

  private form(schema: Schema, operation: string): fc.Arbitrary<Buffer> {
    const fitting = this.fitting(schema, operation);
    const fields = weighted<unknown>([3, fitting], [2, nearly(fitting)]);
    return fields.map((value) => Buffer.from(Object.entries((value ?? {}) as object).map(([name, field]) => `${encoded(name)}=${encoded(typeof field === 'string' ? field : jsonText(field))}`).join('&')));
  }

  private lines(schema: Schema): fc.Arbitrary<Buffer> {
    const line = weighted<string>([4, this.values.valid(schema).map(jsonText)], [3, this.values.nearlyValid(schema).map(jsonText)], [1, rawBodies.map((bytes) => bytes.toString('latin1'))]);
    return fc.array(line, { maxLength: 6 }).map((lines) => Buffer.from(lines.join('\n')));
  }
}

const cell = weighted<string>([2, fc.constantFrom('item', 'location', 'variant', 'sku', 'true', 'false', 'A-1')], [1, hostileText]);
const CSV = fc.tuple(fc.constantFrom('entity,type,externalId,canonicalId,alias', 'entity,type', '', '=1+1', '"'), fc.array(fc.array(cell, { maxLength: 6 }).map((cells) => cells.join(',')), { maxLength: 5 }), fc.constantFrom('\n', '\r\n', '\r'))
  .map(([head, rows, end]) => Buffer.from([head, ...rows].join(end)));

const SALE = { receipt: 'R1', store: 'S1', at: '2026-11-01T10:00:00Z', positions: [{ position: 1, sku: 'A-1', quantity: 1 }] };
const LEVEL = { inventory_item_id: 1, location_id: 1, available: 17, updated_at: '2026-11-01T10:00:00Z' };

/** Deliveries that are signed as they should be, whatever is in them: what a system says that was taken over, or has gone mad. */
function signed({ method, path }: Operation): fc.Arbitrary<Request> {
  const [deliver, example, topics] = path.endsWith('/{topic}')
    ? [tillDelivery, SALE, ['sales', 'returns', 'receipts', 'adjustments', 'counts']] as const
    : [shopDelivery, LEVEL, ['orders/create', 'orders/cancelled', 'refunds/create', 'inventory_levels/update']] as const;
  const bodies = fc.oneof(nearly(fc.constant(example)).map((value) => Buffer.from(jsonText(value))), fc.constant(Buffer.from(JSON.stringify(example))), rawBodies);
  const topic = weighted<string>([6, fc.constantFrom<string>(...topics)], [1, hostileText.map((text) => sendable(text) || 'x')]);
  return fc.record({ id: fc.uuid(), topic, body: bodies, extra: extraHeaders }).map(({ id, topic: named, body, extra }) => {
    const { target, headers } = deliver(id, deliver === tillDelivery ? encoded(named) : named, body);
    return { method, target, headers: { ...extra, ...headers }, body, caller: 'nobody' };
  });
}

/** Halves of surrogate pairs cannot be encoded; they are sent as the bytes that a careless program would send. */
function encoded(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : text.replaceAll(/[^A-Za-z0-9]/g, '%ED%A0%80');
}
