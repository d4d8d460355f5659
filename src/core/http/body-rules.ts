import { RouteConfig } from '@nestjs/platform-fastify';

export const JSON_BODY_LIMIT_BYTES = 1_048_576;
export const BULK_BODY_LIMIT_BYTES = 8 * 1_048_576;
export const WEBHOOK_BODY_LIMIT_BYTES = 2 * 1_048_576;

/** Larger bodies are read for callers who have shown who they are, and for deliveries; everybody else is refused first. */
export const STRANGERS_BODY_LIMIT_BYTES = 16_384;

/** How a route takes its body where that differs from JSON of at most 1 MB. */
export interface BodyRule {
  /** Bytes; for bulk routes `BULK_BODY_LIMIT_BYTES`. */
  readonly limitBytes?: number;
  /** Also takes `application/x-ndjson`, which the handler receives as a Buffer. */
  readonly ndjson?: boolean;
  /** Also takes `text/csv`, which the handler receives as a Buffer. */
  readonly csv?: boolean;
  /** Takes a form in place of JSON, which the handler receives as a Buffer. */
  readonly form?: boolean;
}

/** `@AcceptsBody({ limitBytes: BULK_BODY_LIMIT_BYTES, ndjson: true })` on a handler. */
export const AcceptsBody = (rule: BodyRule): MethodDecorator => RouteConfig({ crossdockBody: rule });

/** `@AcceptsForm()` on a handler: `application/x-www-form-urlencoded`, and small. */
export const AcceptsForm = (): MethodDecorator => AcceptsBody({ form: true, limitBytes: STRANGERS_BODY_LIMIT_BYTES });

/** The rule of a route from its Fastify config. */
export function bodyRuleOf(config: unknown): BodyRule {
  return (config as { crossdockBody?: BodyRule } | undefined)?.crossdockBody ?? {};
}

/** Deliveries keep their raw bytes, whatever their content type: the signature covers bytes, not meaning. */
export function takesRawBody(routeUrl: string): boolean {
  return routeUrl.startsWith('/webhooks/');
}

/** What the door has to know of a route, worked out once when it is registered: Fastify's own view of it is built anew at each look. */
export interface RouteFacts {
  readonly rawBody: boolean;
  readonly ndjson: boolean;
  readonly csv: boolean;
  readonly form: boolean;
  /** Health and metrics, which every process answers. */
  readonly operations: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined where no route matched. */
    routeFacts: RouteFacts | undefined;
  }
}

const OPERATIONS = /^\/(health\/|metrics$)/;

export function routeFacts(url: string, config: unknown): RouteFacts {
  const { ndjson = false, csv = false, form = false } = bodyRuleOf(config);
  return { rawBody: takesRawBody(url), ndjson, csv, form, operations: OPERATIONS.test(url) };
}

/** Bytes that a route reads at most; undefined for the usual 1 MB. */
export function bodyLimitOf(url: string, config: unknown): number | undefined {
  return takesRawBody(url) ? WEBHOOK_BODY_LIMIT_BYTES : bodyRuleOf(config).limitBytes;
}
