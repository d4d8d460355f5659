import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { FieldError } from '../errors/index.js';

/** A JSON Schema (2020-12), plain or from TypeBox. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const MOST_ERRORS = 50;
/** Bodies of more values than this are told their first fault only: collecting all of them costs memory that a hostile caller chooses. */
const MOST_VALUES_FOR_ALL_ERRORS = 5_000;

function makeCompiler(allErrors: boolean, coerceTypes: boolean): Ajv2020 {
  // `strict` would refuse the annotations that OpenAPI reads from the same schemas.
  const ajv = new Ajv2020({ allErrors, coerceTypes: coerceTypes ? 'array' : false, strict: false, useDefaults: true, ownProperties: true });
  formats.default(ajv);
  return ajv;
}

const compilers = new Map<string, Ajv2020>();

/**
 * Each compiler first compiles the schema of schemas, which takes longer than most of ours, so they are few: a hub
 * starts 0.4 s sooner. A schema that names itself gets one of its own, since a name may be taken in a shared one.
 */
function compilerFor(schema: JsonSchema, allErrors: boolean, coerceTypes: boolean): Ajv2020 {
  if (JSON.stringify(schema).includes('"$id"')) return makeCompiler(allErrors, coerceTypes);
  const key = `${allErrors} ${coerceTypes}`;
  const known = compilers.get(key) ?? makeCompiler(allErrors, coerceTypes);
  compilers.set(key, known);
  return known;
}

function pointerOf(error: ErrorObject): string {
  const name = (error.params as { missingProperty?: string; additionalProperty?: string; unevaluatedProperty?: string });
  const last = name.missingProperty ?? name.additionalProperty ?? name.unevaluatedProperty;
  return last === undefined ? error.instancePath : `${error.instancePath}/${last.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** What is said of a field that a schema does not have. */
export const UNKNOWN = 'is not known here';

function detailOf(error: ErrorObject): string {
  if (error.keyword === 'required') return 'is required';
  if (error.keyword === 'additionalProperties' || error.keyword === 'unevaluatedProperties') return UNKNOWN;
  if (error.keyword === 'enum') return `must be one of ${(error.params as { allowedValues: unknown[] }).allowedValues.join(', ')}`;
  if (error.keyword === 'const') return `must be ${JSON.stringify((error.params as { allowedValue: unknown }).allowedValue)}`;
  return error.message ?? 'does not fit the schema';
}

function hasMoreValuesThan(limit: number, value: unknown): boolean {
  let seen = 0;
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    seen += 1;
    if (seen > limit) return true;
    if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) waiting.push(inner);
  }
  return false;
}

/**
 * One schema, compiled once. The fast form stops at the first fault and is what every request runs; only a request
 * that fails, and is small, is checked again by the form that gathers all faults.
 */
export class CompiledSchema {
  private readonly fast: ValidateFunction;
  private thorough: ValidateFunction | undefined;

  constructor(readonly schema: JsonSchema, private readonly coerceTypes = false) {
    this.fast = compilerFor(schema, false, coerceTypes).compile(schema);
  }

  /** The faults of `value`, at most 50; an empty list when it fits. Fills in defaults, and converts strings where asked to. */
  faultsOf(value: unknown): readonly FieldError[] {
    if (this.fast(value)) return [];
    let errors = this.fast.errors ?? [];
    if (!hasMoreValuesThan(MOST_VALUES_FOR_ALL_ERRORS, value)) {
      this.thorough ??= compilerFor(this.schema, true, this.coerceTypes).compile(this.schema);
      this.thorough(value);
      errors = this.thorough.errors ?? errors;
    }
    return errors.slice(0, MOST_ERRORS).map((error) => ({ pointer: pointerOf(error), detail: detailOf(error) }));
  }
}
