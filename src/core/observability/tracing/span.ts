import type { SpanPlace } from './trace-ids.js';

/** Ids, codes, counts and patterns: never a body, a path, a query, a header or the words of an outside system. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanWish {
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** Whose trace it belongs to. Without one it belongs to the span around it, or begins a trace of its own. */
  readonly correlationId?: string;
  /** The span of another system that caused it, in the same trace. */
  readonly parent?: SpanPlace;
  readonly links?: readonly SpanPlace[];
  readonly attributes?: Attributes;
  /** Milliseconds since 1970; now, where it is left out. */
  readonly startedAt?: number;
}

export interface OpenSpan {
  readonly place: SpanPlace;
  set(attributes: Attributes): void;
  link(place: SpanPlace): void;
  /** `failure`: a code, where it did not go well. */
  end(failure?: string): void;
}

export interface Tracer {
  start(wish: SpanWish, around: SpanPlace | undefined): OpenSpan;
  /** Sends what waits, for a moment. */
  stop(): Promise<void>;
}
