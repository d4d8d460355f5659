/**
 * The closed list of error codes. A code is part of the API: it is never renamed or reused, and docs/errors.md
 * explains each one. `status` is what the HTTP door answers; `retry` says whether the same call may succeed later
 * without anybody changing it.
 */
export const ERROR_CODES = {
  INTERNAL: { status: 500, title: 'Unexpected fault', retry: 'later' },
  VALIDATION_FAILED: { status: 422, title: 'The request does not fit its schema', retry: 'never' },
  MALFORMED_BODY: { status: 400, title: 'The body cannot be read', retry: 'never' },
  MALFORMED_REQUEST: { status: 400, title: 'The path or a header cannot be read', retry: 'never' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request did not arrive in time', retry: 'later' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The content type is not accepted here', retry: 'never' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is larger than this operation accepts', retry: 'never' },
  ROUTE_NOT_FOUND: { status: 404, title: 'No such operation', retry: 'never' },
  NOT_FOUND: { status: 404, title: 'Not found', retry: 'never' },
  CONFLICT: { status: 409, title: 'The request conflicts with what is stored', retry: 'never' },
  UNAUTHENTICATED: { status: 401, title: 'Who is calling is not known', retry: 'never' },
  FORBIDDEN: { status: 403, title: 'The caller may not do this', retry: 'never' },
  SETUP_TOKEN_INVALID: { status: 401, title: 'The setup token is not the one that was printed', retry: 'never' },
  ALREADY_SET_UP: { status: 409, title: 'This hub has been claimed', retry: 'never' },
  TOO_MANY_ATTEMPTS: { status: 429, title: 'Too many attempts', retry: 'later' },
  DATABASE_UNAVAILABLE: { status: 503, title: 'The database cannot be reached', retry: 'later' },
  NOT_READY: { status: 503, title: 'The hub cannot serve at the moment', retry: 'later' },
  OVERLOADED: { status: 503, title: 'The hub is at its limit', retry: 'later' },
  SHUTTING_DOWN: { status: 503, title: 'The hub is stopping', retry: 'later' },
  DATABASE_UNSUPPORTED: { status: 500, title: 'The database is older than the hub supports', retry: 'never' },
  POSTGRES_FAILED: { status: 500, title: 'The built-in Postgres does not start', retry: 'never' },
  DATA_DIR_IN_USE: { status: 500, title: 'Another hub runs on this data directory', retry: 'never' },
  SETTINGS_INVALID: { status: 500, title: 'A setting cannot be used', retry: 'never' },
  WEBHOOK_SIGNATURE_INVALID: { status: 401, title: 'The delivery is not signed by whom it claims', retry: 'never' },
  WEBHOOK_STALE: { status: 401, title: 'The signed timestamp is outside the tolerance', retry: 'never' },
  CONNECTION_NOT_FOUND: { status: 404, title: 'No such connection', retry: 'never' },
  CONNECTION_DISABLED: { status: 409, title: 'The connection is switched off', retry: 'never' },
  CONNECTION_REFUSED: { status: 502, title: 'The outside system refuses this connection', retry: 'never' },
  PLUGIN_NOT_FOUND: { status: 404, title: 'No such plugin', retry: 'never' },
  PLUGIN_FAILED: { status: 502, title: 'The connector failed', retry: 'later' },
  PLUGIN_TIMEOUT: { status: 504, title: 'The connector did not answer before its deadline', retry: 'later' },
  PLUGIN_UNAVAILABLE: { status: 503, title: 'The connector cannot be started', retry: 'later' },
  EGRESS_REFUSED: { status: 502, title: 'The connector asked for a host that it may not reach', retry: 'never' },
  CREDENTIALS_UNREADABLE: { status: 500, title: 'Stored credentials cannot be decrypted with this key', retry: 'never' },
  UNKNOWN_ITEM: { status: 422, title: 'The item is not in the catalogue', retry: 'later' },
  UNKNOWN_LOCATION: { status: 422, title: 'The location is not known', retry: 'later' },
  UNKNOWN_CHANNEL: { status: 422, title: 'The channel is not known', retry: 'never' },
  NOT_OWNER: { status: 403, title: 'Another connection owns this fact', retry: 'never' },
  INSUFFICIENT_STOCK: { status: 409, title: 'Not enough is available to sell', retry: 'later' },
  RESERVATION_CONFLICT: { status: 409, title: 'The reservation is already in another state', retry: 'never' },
} as const satisfies Record<string, { status: number; title: string; retry: 'never' | 'later' }>;

export type ErrorCode = keyof typeof ERROR_CODES;
