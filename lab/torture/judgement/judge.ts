import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { ApiDocument, Operation, Schema } from '../api-document.js';
import type { Reply } from '../wire/send.js';

/** Something that an answer must never be or hold. */
export interface Fault {
  readonly kind: string;
  readonly detail: string;
}

const SLOW_MS = 15_000;
const PROBLEM = /^application\/problem\+json/;
/** What a fault that is shown by mistake looks like: stacks, drivers, file systems. None of it is among what is sent. */
const LEAKS = [
  /\bat [\w.<>[\] ]*\(?(?:file:\/\/|\/|node:)\S+:\d+:\d+/, /node_modules/, /syntax error at or near/, /violates \S+ (?:key )?constraint/, /duplicate key value/, /relation "[^"]+" does not exist/, /QueryFailedError|TypeORM|PostgresError|driverError/,
  /invalid input syntax for type/, /out of range for type/, /invalid byte sequence/, /ECONNREFUSED .*5\d{4}/, /(?:Type|Reference|Range|Syntax)Error:/, /Cannot (?:read|set|destructure) propert/, /is not a function/, /-----BEGIN/, /scrypt\$/,
];

/** Judges answers by what the hub's own document promises, and by what no answer may ever do. */
export class Judge {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true });
  private readonly compiled = new Map<Schema, ValidateFunction>();

  constructor(
    private readonly document: ApiDocument,
    /** Texts that no answer may hold. */
    private readonly secrets: readonly string[],
  ) {
    formats.default(this.ajv);
  }

  faultsOf(operation: Operation | undefined, reply: Reply): Fault[] {
    const text = reply.body.toString('utf8');
    const faults = [...this.anywhere(reply, text)];
    // A protocol of its own (OAuth 2.0) has refusals of its own, where the document says so.
    if (operation && (reply.status < 400 || this.isOwnRefusal(operation, reply))) faults.push(...this.described(operation, reply, text));
    else if (reply.status >= 400) faults.push(...this.refusal(reply, text));
    return faults;
  }

  private *anywhere({ status, headers, ms }: Reply, text: string): Generator<Fault> {
    // A hub under torture may say that it is not ready for more: that is what readiness is for.
    if (status >= 500 && !text.includes('"code":"NOT_READY"')) yield { kind: 'server error', detail: `${status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? text.slice(0, 120)}` };
    if (ms > SLOW_MS) yield { kind: 'slow', detail: `took more than ${SLOW_MS / 1_000} s` };
    if (typeof headers['x-correlation-id'] !== 'string') yield { kind: 'header', detail: 'no X-Correlation-Id' };
    if (headers['x-content-type-options'] !== 'nosniff') yield { kind: 'header', detail: `no nosniff with ${status}` };
    if ('x-injected' in headers) yield { kind: 'header injected', detail: 'a header of the answer came from the request' };
    for (const secret of this.secrets) if (text.includes(secret)) yield { kind: 'secret shown', detail: `${secret.slice(0, 6)}…` };
    for (const leak of LEAKS) if (leak.test(text)) yield { kind: 'inside shown', detail: leak.exec(text)?.[0].slice(0, 120) ?? '' };
  }

  private *refusal({ status, headers }: Reply, text: string): Generator<Fault> {
    if (!PROBLEM.test(String(headers['content-type']))) return yield { kind: 'no problem document', detail: `${status} with ${String(headers['content-type'])}: ${text.slice(0, 80)}` };
    const problem = parsed(text) as { status?: unknown; code?: unknown; instance?: unknown; errors?: unknown; detail?: unknown } | undefined;
    if (!problem) return yield { kind: 'no problem document', detail: `${status} with a body that is no JSON` };
    if (problem.status !== status) yield { kind: 'problem document', detail: `says ${String(problem.status)} with ${status}` };
    if (!this.document.codes.has(String(problem.code))) yield { kind: 'problem document', detail: `code ${String(problem.code)} is not documented` };
    if (problem.instance !== headers['x-correlation-id']) yield { kind: 'problem document', detail: 'instance is not the correlation id' };
    if (problem.code === 'VALIDATION_FAILED' && !Array.isArray(problem.errors) && problem.detail === undefined) yield { kind: 'problem document', detail: 'VALIDATION_FAILED that does not say of what' };
    if ((status === 429 || status === 503) && !/^\d+$/.test(String(headers['retry-after']))) yield { kind: 'header', detail: `no Retry-After with ${status}` };
  }

  private isOwnRefusal({ answers }: Operation, { status, headers }: Reply): boolean {
    const type = typeOf(headers);
    return !PROBLEM.test(type) && answers.get(String(status))?.has(type) === true;
  }

  private *described(operation: Operation, { status, headers }: Reply, text: string): Generator<Fault> {
    const contents = operation.answers.get(String(status));
    if (!contents) return yield { kind: 'undocumented answer', detail: `${status} is not among ${[...operation.answers.keys()].join(', ')}` };
    const type = typeOf(headers);
    if (contents.size === 0) return;
    if (!contents.has(type)) return yield { kind: 'undocumented answer', detail: `${status} with ${type || 'no type'}, not ${[...contents.keys()].join(', ')}` };
    const schema = contents.get(type);
    if (!schema) return;
    const values = type === 'application/json' ? [parsed(text)] : type === 'application/x-ndjson' ? text.split('\n').filter((line) => line !== '').map(parsed) : [];
    for (const value of values) {
      const validate = this.validator(schema);
      if (!validate(value)) return yield { kind: 'answer does not fit', detail: `${status} ${(validate.errors ?? []).slice(0, 1).map((error) => `${error.instancePath.replaceAll(/\d+/g, 'n')} ${error.message ?? ''}`).join('; ')}` };
    }
  }

  private validator(schema: Schema): ValidateFunction {
    const known = this.compiled.get(schema) ?? this.ajv.compile({ ...schema, components: this.document.components });
    this.compiled.set(schema, known);
    return known;
  }
}

function typeOf(headers: Reply['headers']): string {
  return String(headers['content-type'] ?? '').split(';')[0] ?? '';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
