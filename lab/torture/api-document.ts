/** A JSON Schema as the hub's OpenAPI document writes it. */
export type Schema = { readonly [keyword: string]: unknown };

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Schema;
}

/** One operation of the document, with everything that it refers to in its place. */
export interface Operation {
  /** `POST /api/v1/reservations` */
  readonly name: string;
  readonly method: string;
  /** With `{parameters}`. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Schemas by content type; empty for an operation without a body. */
  readonly bodies: ReadonlyMap<string, Schema>;
  /** Schemas by status and content type; `default` is for refusals. */
  readonly answers: ReadonlyMap<string, ReadonlyMap<string, Schema | undefined>>;
  /** Names of the ways to show who is calling; empty where anybody is answered. */
  readonly security: readonly string[];
  /** What an API client must be allowed to. */
  readonly scopes: readonly string[];
}

interface RawOperation {
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
  readonly responses?: Readonly<Record<string, { readonly $ref?: string; readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>>;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
}

export interface ApiDocument {
  readonly operations: readonly Operation[];
  /** The document as a schema to compile others against: `#/components/schemas/…` leads into it. */
  readonly components: Schema;
  /** Codes that a refusal may carry. */
  readonly codes: ReadonlySet<string>;
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** Follows `#/a/b` from the root of the document. */
export function resolve<Found>(document: Schema, reference: string): Found {
  return reference.slice(2).split('/').reduce<unknown>((at, step) => (at as Schema | undefined)?.[step.replaceAll('~1', '/').replaceAll('~0', '~')], document) as Found;
}

function contentOf(content: Readonly<Record<string, { readonly schema?: Schema }>> = {}): Map<string, Schema> {
  return new Map(Object.entries(content).map(([type, { schema = {} }]) => [type, schema]));
}

function operationOf(document: Schema, method: string, path: string, raw: RawOperation): Operation {
  const known = <T extends object>(part: T | { readonly $ref: string }): T => ('$ref' in part ? resolve<T>(document, (part as { $ref: string }).$ref) : part);
  const answers = Object.entries(raw.responses ?? {}).map(([status, response]): [string, Map<string, Schema | undefined>] => [status, contentOf(known<typeof response>(response).content)]);
  return {
    name: `${method.toUpperCase()} ${path}`, method: method.toUpperCase(), path,
    parameters: (raw.parameters ?? []).map((parameter) => known<Parameter>(parameter)).map((parameter) => ({ ...parameter, required: parameter.required ?? false, schema: parameter.schema ?? {} })),
    bodies: contentOf(raw.requestBody?.content),
    answers: new Map(answers),
    security: (raw.security ?? []).flatMap((way) => Object.keys(way)),
    scopes: (raw.security ?? []).flatMap((way) => (way['apiKey'] as string[] | undefined) ?? []),
  };
}

/** Reads the document that the hub serves. */
export function readApiDocument(document: Schema): ApiDocument {
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  const operations = Object.entries(paths).flatMap(([path, item]) => METHODS.flatMap((method) => (item[method] ? [operationOf(document, method, path, item[method])] : [])));
  const problem = resolve<{ properties: { code: { enum: string[] } } }>(document, '#/components/schemas/Problem');
  return { operations, components: document['components'] as Schema, codes: new Set(problem.properties.code.enum) };
}
