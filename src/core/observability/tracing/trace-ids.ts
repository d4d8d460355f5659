import { hash } from 'node:crypto';

/** Where a span stands, so that others can be its children or point at it. */
export interface SpanPlace {
  readonly traceId: string;
  readonly spanId: string;
}

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-|$)/;

/**
 * The trace of a correlation id, the same in every process and at any time: nothing has to be carried along for it, and
 * whoever has the id can compute where to look. An id that is a trace id (from a caller's `traceparent`) stays what it is.
 */
export function traceIdOf(correlationId: string): string {
  return TRACE_ID.test(correlationId) ? correlationId : hash('sha256', `crossdock trace v1\n${correlationId}`, 'hex').slice(0, 32);
}

/** The span that a caller's W3C `traceparent` names. */
export function callersSpan(traceparent: string | string[] | undefined): SpanPlace | undefined {
  const match = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent) : null;
  return match ? { traceId: match[1] as string, spanId: match[2] as string } : undefined;
}
