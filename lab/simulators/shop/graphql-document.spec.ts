import { describe, expect, it } from 'vitest';
import { GraphqlSyntaxError, readOperation } from './graphql-document.js';

describe('reading a GraphQL document', () => {
  it('fills in variables, defaults, literals and directives', () => {
    const operation = readOperation(
      `# sets
       mutation Set($input: Input!, $key: String!, $first: Int = 5, $gone: Int) {
         done: set(input: $input, list: [1, -2.5e1, "a\\"b", true, null, ENUM], object: { deep: { key: $key } }, first: $first, gone: $gone) @idempotent(key: $key) @other { id, errors { field } }
       }`,
      { input: { a: 1 }, key: 'k' },
    );
    expect(operation).toEqual({
      kind: 'mutation',
      selections: [{
        name: 'set', alias: 'done', args: { input: { a: 1 }, list: [1, -25, 'a"b', true, null, 'ENUM'], object: { deep: { key: 'k' } }, first: 5 },
        directives: [{ name: 'idempotent', args: { key: 'k' } }, { name: 'other', args: {} }],
        selections: [
          { name: 'id', alias: 'id', args: {}, directives: [], selections: undefined },
          { name: 'errors', alias: 'errors', args: {}, directives: [], selections: [{ name: 'field', alias: 'field', args: {}, directives: [], selections: undefined }] },
        ],
      }],
    });
  });

  it('takes the short form of a query', () => {
    expect(readOperation('{ shop { name } }', {}).kind).toBe('query');
  });

  it.each([
    ['', 'end of file'], ['{ shop', 'end of file'], ['query { shop } }', 'one operation'], ['{ a } { b }', 'one operation'], ['{ ...F }', 'unexpected ...'], ['{ a(b: ) }', 'unexpected )'],
    ['{ a ^ }', 'unexpected input'], ['subscription { a }', 'unexpected subscription'], ['query ($id: ID!) { a(id: $id) }', '$id of a required type'], ['{ a(b: "unclosed) }', 'unexpected input'],
  ])('refuses %j', (document, words) => {
    expect(() => readOperation(document, {})).toThrow(GraphqlSyntaxError);
    expect(() => readOperation(document, {})).toThrow(words);
  });
});
