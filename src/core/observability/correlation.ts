import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

const current = new AsyncLocalStorage<string>();

/** What a caller may choose as an id: short, and harmless in a header, a log line and a query. */
const SANE = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;
const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

/**
 * The id that ties together everything that one request (or one unit of background work) caused: it is answered as
 * `X-Correlation-Id`, logged, and stored with movements. Outside any unit of work each call makes a fresh id.
 */
export function correlationId(): string {
  return current.getStore() ?? randomUUID();
}

/** As `correlationId`, but says when there is none instead of making one. */
export function currentCorrelationId(): string | undefined {
  return current.getStore();
}

/** Runs `work` so that everything below it, asynchronous work included, sees `id` as its correlation id. */
export function withCorrelation<T>(id: string, work: () => T): T {
  return current.run(id, work);
}

/** Whether a text can be the id of anything: what a caller may choose, and what the hub makes itself. */
export function isCorrelationId(text: string): boolean {
  return SANE.test(text);
}

/** Takes the caller's X-Correlation-Id where it is sane, else the trace id of a W3C `traceparent`, else a new id. */
export function chooseCorrelationId(headers: Readonly<Record<string, string | string[] | undefined>>): string {
  const given = headers['x-correlation-id'];
  if (typeof given === 'string' && SANE.test(given)) return given;
  const traceparent = headers['traceparent'];
  const traceId = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
  return traceId ?? randomUUID();
}
