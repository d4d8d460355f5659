import { ERROR_CODES } from '../../errors/index.js';
import type { JsonSchema } from '../json-schema.js';

/** RFC 9457, with the hub's own members. */
export const PROBLEM_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'What was wrong (RFC 9457). `code` is stable and explained in docs/errors.md; texts are for people and may change.',
  required: ['type', 'title', 'status', 'instance', 'code'],
  properties: {
    type: { type: 'string', format: 'uri-reference', examples: ['/docs/errors#VALIDATION_FAILED'] },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string' },
    instance: { type: 'string', description: 'The correlation id of the request, as in X-Correlation-Id.' },
    code: { type: 'string', enum: Object.keys(ERROR_CODES) },
    errors: {
      type: 'array',
      maxItems: 50,
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: { pointer: { type: 'string', description: 'RFC 6901 pointer into the body, or ?name of a query parameter.' }, detail: { type: 'string' }, code: { type: 'string' } },
      },
    },
    facts: { type: 'object', description: 'What the caller may want to act on, by code.', additionalProperties: true },
  },
};

const PROBLEM_CONTENT = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

const CORRELATION_HEADER = { 'X-Correlation-Id': { description: 'Taken from the request, from `traceparent`, or made.', schema: { type: 'string' } } };
const RETRY_HEADER = { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } } };

/** The refusals that every operation can answer, kept once and referred to. */
export const PROBLEM_RESPONSES = {
  Unreadable: { description: 'The request cannot be read', headers: CORRELATION_HEADER, content: PROBLEM_CONTENT },
  Unauthenticated: { description: 'Who is calling is not known', headers: CORRELATION_HEADER, content: PROBLEM_CONTENT },
  Forbidden: { description: 'The caller may not do this', headers: CORRELATION_HEADER, content: PROBLEM_CONTENT },
  TooLarge: { description: 'The body is larger than this operation accepts', headers: CORRELATION_HEADER, content: PROBLEM_CONTENT },
  WrongType: { description: 'The content type is not accepted here', headers: CORRELATION_HEADER, content: PROBLEM_CONTENT },
  Invalid: { description: 'The request does not fit its schema, or its body holds more than the hub takes from anybody', headers: CORRELATION_HEADER, content: PROBLEM_CONTENT },
  Unavailable: { description: 'Try again later', headers: { ...CORRELATION_HEADER, ...RETRY_HEADER }, content: PROBLEM_CONTENT },
  Problem: { description: 'Any other refusal', headers: CORRELATION_HEADER, content: PROBLEM_CONTENT },
} as const;

export type ProblemResponse = keyof typeof PROBLEM_RESPONSES;
