import fc from 'fast-check';
import { resolve, type Schema } from '../api-document.js';
import { hostileText, hostileValue } from './hostile.js';
import type { World } from './world.js';

const DEEPEST = 6;
/** Field names that mean something which another field's name is known by. */
const KNOWN_AS: Readonly<Record<string, readonly string[]>> = {
  to: ['location'], from: ['location'], locations: ['location'], canonicalId: ['item', 'location'], connection: ['/admin/v1/connections id'], owner: ['/admin/v1/connections id'], plugin: ['plugin'], id: ['id'], token: ['invitation token'],
};

function matching(pattern: string): fc.Arbitrary<string> | undefined {
  try {
    return fc.stringMatching(new RegExp(pattern));
  } catch {
    return undefined;
  }
}

const moments = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -86_400_000 * 30, max: 0 }).map((ago) => new Date(Date.UTC(2026, 10, 1) + ago).toISOString()) },
  { weight: 1, arbitrary: fc.date({ noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('2100-01-01') }).map((date) => date.toISOString()) },
  { weight: 1, arbitrary: fc.constantFrom('2026-11-01T00:00:00Z', '2026-11-01T00:00:00.123456+02:00', '2026-11-01t00:00:00z', '2999-01-01T00:00:00Z') },
);

/** Makes values from the schemas of the document: those that fit, and those that almost do. */
export class SchemaValues {
  constructor(
    private readonly document: Schema,
    private readonly world: World,
  ) {}

  /** A value that fits, with ids that exist wherever any is known by the name. */
  valid(given: Schema, name = '', depth = 0): fc.Arbitrary<unknown> {
    const schema = typeof given['$ref'] === 'string' ? resolve<Schema>(this.document, given['$ref']) : given;
    if ('const' in schema) return fc.constant(schema['const']);
    if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
    const choices = (schema['anyOf'] ?? schema['oneOf']) as readonly Schema[] | undefined;
    if (choices) return fc.oneof(...choices.map((choice) => this.valid({ ...schema, anyOf: undefined, oneOf: undefined, ...choice }, name, depth)));
    if (Array.isArray(schema['allOf'])) return this.valid(Object.assign({}, ...(schema['allOf'] as Schema[]).map((part) => (typeof part['$ref'] === 'string' ? resolve<Schema>(this.document, part['$ref']) : part))) as Schema, name, depth);
    const types = [schema['type'] ?? (schema['properties'] ? 'object' : undefined)].flat() as (string | undefined)[];
    return fc.oneof(...types.map((type) => this.ofType(type, schema, name, depth)));
  }

  /** A value that fits but for one to three changes at any place. */
  nearlyValid(schema: Schema, name = ''): fc.Arbitrary<unknown> {
    return nearly(this.valid(schema, name));
  }

  private ofType(type: string | undefined, schema: Schema, name: string, depth: number): fc.Arbitrary<unknown> {
    switch (type) {
      case 'string': return this.text(schema, name);
      case 'integer': case 'number': return numbers(schema);
      case 'boolean': return fc.boolean();
      case 'null': return fc.constant(null);
      case 'array': return this.list(schema, name, depth);
      case 'object': return this.object(schema, depth);
      default: return fc.jsonValue({ maxDepth: 2 });
    }
  }

  private text(schema: Schema, name: string): fc.Arbitrary<unknown> {
    const { format, pattern, minLength = 0, maxLength = 40 } = schema as { format?: string; pattern?: string; minLength?: number; maxLength?: number };
    if (format === 'date-time') return moments;
    const most = Math.min(maxLength, minLength + 24);
    const made = (pattern === undefined ? undefined : matching(pattern)) ?? (format === 'email' ? fc.nat(999_999).map((number) => `somebody-${number}@example.test`) : format === 'uuid' ? fc.uuid() : fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-'), minLength: Math.max(1, minLength), maxLength: Math.max(1, most) }));
    const names = [...(KNOWN_AS[name] ?? []), name];
    const known = fc.nat(10_000).chain((nth) => {
      const first = names[nth % names.length] ?? name;
      const value = this.world.pick(nth >> 2, first, ...names);
      return value === undefined ? made : fc.constant(value);
    });
    return fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: made });
  }

  private list(schema: Schema, name: string, depth: number): fc.Arbitrary<unknown> {
    const { minItems = 0, maxItems = 4, items = {}, uniqueItems } = schema as { minItems?: number; maxItems?: number; items?: Schema; uniqueItems?: boolean };
    if (depth > DEEPEST) return fc.constant([]);
    const bounds = { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, 4)) };
    const entry = this.valid(items, name, depth + 1);
    return uniqueItems ? fc.uniqueArray(entry, { ...bounds, selector: (value) => JSON.stringify(value) }) : fc.array(entry, bounds);
  }

  private object(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    const { properties = {}, required = [], additionalProperties } = schema as { properties?: Readonly<Record<string, Schema>>; required?: readonly string[]; additionalProperties?: boolean | Schema };
    if (depth > DEEPEST) return fc.constant({});
    const fields = Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, this.valid(inner, name, depth + 1)]));
    if (Object.keys(fields).length > 0) return fc.record(fields, { requiredKeys: required.filter((name) => name in fields) });
    if (additionalProperties === undefined || additionalProperties === false) return fc.constant({});
    return fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), typeof additionalProperties === 'object' ? this.valid(additionalProperties, '', depth + 1) : fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
  }
}

const change = fc.record({ at: fc.nat(40), kind: fc.constantFrom('replace', 'replace', 'remove', 'add', 'double'), value: hostileValue, key: hostileText });

/** Values with one to three changes at any place. */
export function nearly(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(values, fc.array(change, { minLength: 1, maxLength: 3 })).map(([value, changes]) => changes.reduce<unknown>((at, { at: place, ...how }) => changed(at, place, how), value));
}

function numbers(schema: Schema): fc.Arbitrary<unknown> {
  const { minimum = -1_000_000, maximum = 1_000_000, type } = schema as { minimum?: number; maximum?: number; type?: unknown };
  if ([type].flat().includes('number')) return fc.double({ min: minimum, max: maximum, noNaN: true });
  return fc.oneof({ weight: 6, arbitrary: fc.integer({ min: minimum, max: Math.max(minimum, Math.min(maximum, minimum < 1 ? 20 : minimum + 20)) }) }, { weight: 1, arbitrary: fc.constantFrom(minimum, maximum) });
}

interface Change {
  readonly kind: string;
  readonly value: unknown;
  readonly key: string;
}

/** Applies a change at the `place`-th place of the value, counted depth first and round and round. */
function changed(value: unknown, place: number, { kind, value: with_, key }: Change): unknown {
  const places: { holder: object; name: string }[] = [];
  const walk = (inner: unknown): void => {
    if (typeof inner !== 'object' || inner === null || places.length > 60) return;
    for (const name of Object.keys(inner)) {
      places.push({ holder: inner, name });
      walk((inner as Record<string, unknown>)[name]);
    }
  };
  const copy = structuredClone(value);
  walk(copy);
  const chosen = places[place % Math.max(1, places.length)];
  if (!chosen) return with_;
  const define = (name: string, content: unknown): void => void Object.defineProperty(chosen.holder, name, { value: content, enumerable: true, configurable: true, writable: true });
  if (kind === 'remove') Reflect.deleteProperty(chosen.holder, chosen.name);
  else if (kind === 'add') define(Array.isArray(chosen.holder) ? String(chosen.holder.length) : key, with_);
  else if (kind === 'double' && Array.isArray(chosen.holder)) chosen.holder.push(...(chosen.holder as unknown[]));
  else define(chosen.name, with_);
  return copy;
}
