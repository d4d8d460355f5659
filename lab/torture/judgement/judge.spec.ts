import { describe, expect, it } from 'vitest';
import { readApiDocument, type Operation } from '../api-document.js';
import { Judge } from './judge.js';
import type { Reply } from '../wire/send.js';

const THING = { type: 'object', required: ['id'], properties: { id: { type: 'string' } } };
const document = readApiDocument({
  paths: { '/things': { get: { responses: { 200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } }, 402: { content: { 'application/json': { schema: { required: ['error'] } } } } } } } },
  components: { schemas: { Thing: THING, Problem: { properties: { code: { enum: ['NOT_FOUND', 'INTERNAL'] } } } } },
});
const judge = new Judge(document, ['a-secret']);
const headers = { 'x-correlation-id': 'c-1', 'x-content-type-options': 'nosniff' };
const reply = (status: number, type: string, body: unknown, more = {}): Reply => ({ status, headers: { ...headers, 'content-type': type, ...more }, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), ms: 1 });
const problem = (status: number, members = {}): Reply => reply(status, 'application/problem+json; charset=utf-8', { status, code: 'NOT_FOUND', instance: 'c-1', ...members });
const kinds = (given: Reply): string[] => judge.faultsOf(document.operations[0] as Operation, given).map(({ kind }) => kind);

describe('the judge', () => {
  it('lets pass what the document promises', () => {
    expect(kinds(reply(200, 'application/json; charset=utf-8', { id: 'x' }))).toEqual([]);
    expect(kinds(problem(404))).toEqual([]);
    expect(kinds(reply(402, 'application/json', { error: 'invalid_client' }))).toEqual([]);
    expect(kinds(reply(402, 'application/json', { message: 'x' }))).toEqual(['answer does not fit']);
  });

  it.each([
    ['an answer of 5xx', problem(500, { code: 'INTERNAL' }), 'server error'],
    ['an answer that does not fit its schema', reply(200, 'application/json', { id: 7 }), 'answer does not fit'],
    ['a status that is not documented', reply(201, 'application/json', { id: 'x' }), 'undocumented answer'],
    ['a type that is not documented', reply(200, 'text/html', 'x'), 'undocumented answer'],
    ['a refusal that is no problem document', reply(404, 'application/json', { message: 'x' }), 'no problem document'],
    ['a code that is not documented', problem(404, { code: 'ODD' }), 'problem document'],
    ['a problem that says another status', problem(404, { status: 400 }), 'problem document'],
    ['a secret', problem(404, { detail: 'it is a-secret' }), 'secret shown'],
    ['a stack', problem(404, { detail: 'at Foo.bar (file:///srv/dist/x.js:1:2)' }), 'inside shown'],
    ['a word of the database', problem(404, { detail: 'syntax error at or near "x"' }), 'inside shown'],
    ['a header from the request', { ...problem(404), headers: { ...problem(404).headers, 'x-injected': 'yes' } }, 'header injected'],
  ])('sees %s', (_what, given, kind) => {
    expect(kinds(given)).toContain(kind);
  });
});
