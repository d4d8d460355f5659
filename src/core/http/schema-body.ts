import type { PipeTransform } from '@nestjs/common';
import { HubError, type FieldError } from '../errors/index.js';
import { CompiledSchema, UNKNOWN, type JsonSchema } from './json-schema.js';
import { unknownParameter } from './known-query.guard.js';

/**
 * Checks a body against a JSON Schema compiled when the route is declared: `@Body(new SchemaBody(Movement)) body: Static<typeof Movement>`.
 * For hot business routes; admin routes use class-validator DTOs (docs/adr tells why both). The OpenAPI document reads the same schema.
 * @throws HubError VALIDATION_FAILED with JSON Pointers, at most 50.
 */
export class SchemaBody implements PipeTransform<unknown, unknown> {
  private readonly compiled: CompiledSchema;

  constructor(readonly schema: JsonSchema) {
    this.compiled = new CompiledSchema(schema);
  }

  transform(value: unknown): unknown {
    if (value === undefined) throw new HubError('VALIDATION_FAILED', { detail: 'A JSON body is required.', errors: [{ pointer: '', detail: 'is required' }] });
    const errors = this.compiled.faultsOf(value);
    if (errors.length > 0) throw new HubError('VALIDATION_FAILED', { errors });
    return value;
  }
}

/** ajv turns the text 1e400 into Infinity, and long digits into another number than was written. */
function beyondNumbers(query: Readonly<Record<string, unknown>>): FieldError[] {
  return Object.entries(query)
    .filter(([, value]) => [value].flat().some((one) => typeof one === 'number' && !(Math.abs(one) <= Number.MAX_SAFE_INTEGER)))
    .map(([name]) => ({ pointer: `/${name}`, detail: 'is larger than any number that is kept exactly' }));
}

/**
 * The same for the query string as one object: `@Query(new SchemaQuery(Filter)) filter: Static<typeof Filter>`. Strings
 * are converted to the numbers and booleans that the schema names, a single value to a list of one; pointers are `?name`.
 */
export class SchemaQuery implements PipeTransform<unknown, unknown> {
  private readonly compiled: CompiledSchema;

  constructor(readonly schema: JsonSchema) {
    this.compiled = new CompiledSchema(schema, true);
  }

  transform(value: unknown): unknown {
    // Fastify's query object has no prototype; a plain copy behaves like any other object in handlers.
    const query = { ...(value as Record<string, unknown>) };
    const errors = [...this.compiled.faultsOf(query), ...beyondNumbers(query)];
    if (errors.length === 0) return query;
    const known = Object.keys((this.schema.properties ?? {}) as object);
    throw new HubError('VALIDATION_FAILED', {
      errors: errors.map(({ pointer, detail }) => ({ pointer: `?${pointer.replace(/^\//, '')}`, detail: detail === UNKNOWN ? unknownParameter(known) : detail })),
    });
  }
}
