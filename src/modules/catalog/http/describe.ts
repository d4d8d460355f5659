import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiProduces, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { AcceptsBody, BULK_BODY_LIMIT_BYTES } from '../../../core/http/body-rules.js';
import type { JsonSchema } from '../../../core/http/json-schema.js';
import { NDJSON } from './bulk.js';
import { BulkResult } from './schemas.js';

interface Words {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
}

const problem = (status: number, description: string): MethodDecorator =>
  ApiResponse({ status, description, content: { 'application/problem+json': { schema: { type: 'object' } } } });
const answer = (status: number, description: string, schema: JsonSchema): MethodDecorator => ApiResponse({ status, description, schema });

/** Documents a PUT that creates a thing or brings it to the given form. */
export function DescribePut(words: Words, body: JsonSchema, saved: JsonSchema): MethodDecorator {
  return applyDecorators(
    ApiOperation(words), ApiBody({ schema: body }),
    answer(201, 'It did not exist before', saved), answer(200, 'It is as given now', saved),
    problem(409, '`CONFLICT`: something that must be unique belongs to another'), problem(422, 'What is wrong, with JSON Pointers'),
  );
}

export function DescribeGet(words: Words, found: JsonSchema): MethodDecorator {
  return applyDecorators(ApiOperation(words), answer(200, 'As it is now', found), problem(404, '`NOT_FOUND`'));
}

export function DescribePage(words: Words, query: { readonly properties: Readonly<Record<string, JsonSchema>> }, entry: JsonSchema): MethodDecorator {
  const page = {
    type: 'object', required: ['items', 'next'],
    properties: { items: { type: 'array', items: entry }, next: { type: ['string', 'null'], description: 'Pass as `after` for the next page; null at the end.' } },
  };
  const parameters = Object.entries(query.properties).map(([name, schema]) => ApiQuery({ name, required: false, schema }));
  return applyDecorators(ApiOperation(words), ...parameters, answer(200, 'One page', page), problem(422, 'A query parameter cannot be used'));
}

/** Documents a bulk call and opens its route for NDJSON. */
export function DescribeBulk(words: Words, line: JsonSchema): MethodDecorator {
  const how = 'One JSON object a line, at most 8 MB a call. Lines are saved in their order and each succeeds or fails alone; '
    + 'the answer has one line for each that is not blank, and streams while the rest is saved. An answer that breaks off may be followed by the same call again: saving is idempotent.';
  return applyDecorators(
    AcceptsBody({ limitBytes: BULK_BODY_LIMIT_BYTES, ndjson: true }),
    ApiOperation({ ...words, description: [words.description, how].filter(Boolean).join(' ') }),
    ApiBody({ description: 'One of these a line', content: { [NDJSON]: { schema: line } } } as never),
    ApiProduces(NDJSON),
    ApiResponse({ status: 200, description: 'One of these a line', content: { [NDJSON]: { schema: BulkResult as JsonSchema } } }),
    problem(413, 'More than 8 MB'), problem(415, 'Not NDJSON'),
  );
}
