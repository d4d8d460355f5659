export { ERROR_CODES, type ErrorCode } from './codes.js';
export { HubError, type FieldError, type HubErrorDetails } from './hub-error.js';
export { invariant } from './invariant.js';
