import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiParam, ApiProduces, ApiResponse } from '@nestjs/swagger';
import type { TSchema } from '@sinclair/typebox';
import { AcceptsBody, BULK_BODY_LIMIT_BYTES } from '../../../core/http/body-rules.js';
import type { JsonSchema } from '../../../core/http/json-schema.js';
import { pageAnswer } from '../../../core/http/paging/page-schemas.js';
import { NDJSON } from './bulk.js';
import { BulkResult, Id } from './schemas.js';

// Bodies, query parameters, scopes and the refusals that every operation can answer are read from the routes themselves.

interface Words {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
}

const answer = (status: number, description: string, schema: JsonSchema): MethodDecorator => ApiResponse({ status, description, schema });
const refusal = (status: number, description: string): MethodDecorator =>
  ApiResponse({ status, description, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } });
const id = (): MethodDecorator => ApiParam({ name: 'id', schema: Id, description: 'Percent-encoded where it holds other characters than letters, digits, `-`, `.`, `_` and `~`.' });

/** Documents a PUT that creates a thing or brings it to the given form. */
export function DescribePut(words: Words, saved: JsonSchema): MethodDecorator {
  const description = `${words.description ?? ''} A field that is left out takes its default. Repeating the call changes nothing.`.trim();
  return applyDecorators(
    ApiOperation({ ...words, description }), id(),
    answer(201, 'It did not exist before', saved), answer(200, 'It is as given now', saved),
    refusal(409, '`CONFLICT`: something that must be unique belongs to another'),
  );
}

export function DescribeGet(words: Words, found: JsonSchema): MethodDecorator {
  return applyDecorators(ApiOperation(words), id(), answer(200, 'As it is now', found), refusal(404, '`NOT_FOUND`'));
}

export function DescribePage(words: Words, entry: JsonSchema): MethodDecorator {
  return applyDecorators(ApiOperation(words), answer(200, 'One page', pageAnswer(entry as TSchema)));
}

/** Documents a bulk call and opens its route for NDJSON. */
export function DescribeBulk(words: Words, line: JsonSchema): MethodDecorator {
  const description = 'One JSON object a line, at most 8 MB a call. Lines are saved in their order and each succeeds or fails alone; '
    + 'the answer has one line for each that is not blank, and streams while the rest is saved. An answer that breaks off may be followed by the same call again: saving is idempotent.';
  return applyDecorators(
    AcceptsBody({ limitBytes: BULK_BODY_LIMIT_BYTES, ndjson: true }), ApiOperation({ ...words, description }),
    ApiConsumes(NDJSON), ApiBody({ schema: line }), ApiProduces(NDJSON),
    ApiResponse({ status: 200, description: 'One of these a line', content: { [NDJSON]: { schema: BulkResult as JsonSchema } } }),
  );
}
