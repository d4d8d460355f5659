import type { ErrorCode } from '../../../core/errors/index.js';

/** What became of one thing that was to be saved. A rejected one changed nothing. */
export type SaveOutcome =
  | { readonly status: 'created' | 'updated' | 'unchanged' }
  | { readonly status: 'rejected'; readonly code: ErrorCode; /** JSON Pointer into the thing. */ readonly pointer: string; readonly detail: string };

/** Postgres aborts a whole statement for one duplicate key; trying again sees the other's row and rejects only its rival. */
export const UNIQUE_VIOLATION = '23505';
