import { ERROR_CODES, type ErrorCode } from './codes.js';

/** One thing that is wrong with a request, at the place where it is wrong. */
export interface FieldError {
  /** RFC 6901 JSON Pointer into the request body, or `?name` for a query parameter. */
  readonly pointer: string;
  readonly detail: string;
  readonly code?: ErrorCode;
}

/** What a HubError carries besides its code. `facts` may be shown to callers and logged: never put a secret there. */
export interface HubErrorDetails {
  readonly detail?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/**
 * An expected failure with a code from the closed list. The error itself decides whether a retry makes sense; the
 * three doors (HTTP filter, queue consumer, saga runner) translate it and nobody else does.
 */
export class HubError extends Error {
  readonly code: ErrorCode;
  readonly details: HubErrorDetails;

  constructor(code: ErrorCode, details: HubErrorDetails = {}) {
    super(details.detail ?? ERROR_CODES[code].title, { cause: details.cause });
    this.name = 'HubError';
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retry === 'later';
  }
}
