import { describe, expect, it } from 'vitest';
import { readJson } from './json-body.js';
import { JSON_LIMITS } from './json-limits.js';

const read = (text: string): unknown => readJson(Buffer.from(text));

describe('readJson', () => {
  it('reads what JSON.parse reads', () => {
    const value = { a: [1, -2.5e3, 'x:"y"\\', { '': null, 'k:k': true }], ü: '😀' };
    expect(read(JSON.stringify(value))).toEqual(value);
    expect(read('﻿{"a":1}')).toEqual({ a: 1 });
    expect(read('7')).toBe(7);
    expect(read('')).toBeUndefined();
  });

  it.each([
    ['not JSON', '{"a":'],
    ['NaN', '{"a":NaN}'],
    ['Infinity', '[Infinity]'],
    ['a number beyond a double', '{"a":1e400}'],
    ['a negative number beyond a double', '[-1e999]'],
    ['the same key twice', '{"a":1,"a":2}'],
    ['the same key twice, one escaped', '{"a":1,"\\u0061":2}'],
    ['the same key twice deep inside', '[{"x":{"b":1,"c":2,"b":3}}]'],
    ['__proto__', '{"__proto__":{"admin":true}}'],
    ['an escaped __proto__', '{"\\u005f_proto__":{"admin":true}}'],
    ['constructor.prototype', '{"constructor":{"prototype":{"admin":true}}}'],
    ['U+0000', '{"a":"x\\u0000y"}'],
    ['U+0000 in a key', '{"x\\u0000y":1}'],
    ['half a surrogate pair', '["\\ud800"]'],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le').toString('latin1')],
  ])('refuses %s', (_what, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'MALFORMED_BODY' }));
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(() => readJson(Buffer.from([0x22, 0xff, 0xfe, 0x22]))).toThrow(expect.objectContaining({ code: 'MALFORMED_BODY' }));
  });

  it('takes a well-formed surrogate pair', () => {
    expect(read('"\\ud83d\\ude00"')).toBe('😀');
  });
});

describe('what a body may hold', () => {
  const levels = (count: number): string => '['.repeat(count) + ']'.repeat(count);
  const fields = (count: number): string => JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, 1])));
  const entries = (count: number): string => JSON.stringify(new Array(count).fill(0));
  const text = (length: number): string => JSON.stringify('x'.repeat(length));
  const named = (length: number): string => JSON.stringify({ ['x'.repeat(length)]: 1 });

  it.each([
    ['levels', levels(JSON_LIMITS.levels), levels(JSON_LIMITS.levels + 1), '/0'.repeat(JSON_LIMITS.levels)],
    ['fields', fields(JSON_LIMITS.fields), fields(JSON_LIMITS.fields + 1), ''],
    ['entries', entries(JSON_LIMITS.entries), entries(JSON_LIMITS.entries + 1), ''],
    ['characters', text(JSON_LIMITS.characters), text(JSON_LIMITS.characters + 1), ''],
    ['nameCharacters', named(JSON_LIMITS.nameCharacters), named(JSON_LIMITS.nameCharacters + 1), ''],
  ] as const)('is refused beyond its %s, with the place, and taken up to them', (limit, most, more, at) => {
    expect(() => read(most)).not.toThrow();
    const refusal = (pointer: string) => expect.objectContaining({ code: 'BODY_TOO_COMPLEX', details: expect.objectContaining({ facts: { limit, most: JSON_LIMITS[limit] }, errors: [{ pointer, detail: expect.any(String) }] }) });
    expect(() => read(more)).toThrow(refusal(at));
    if (limit !== 'levels') expect(() => read(`{"a":[0,{"b/~\\"]}":${more}}],"c":1}`)).toThrow(refusal('/a/1/b~1~0"]}'));
  });

  it('is measured before anything is built, and told by a pointer of bearable length', () => {
    const inside = '{"list":[{"x":"{[,"},{"y":';
    expect(() => read(`${inside}${'['.repeat(100_000)}`)).toThrow(expect.objectContaining({ code: 'BODY_TOO_COMPLEX', details: expect.objectContaining({ errors: [{ pointer: `/list/1/y${'/0'.repeat(JSON_LIMITS.levels - 3)}`, detail: 'is nested deeper than 64 levels' }] }) }));
    expect(() => read(`{"${'k'.repeat(400)}":`.repeat(100_000))).toThrow(expect.objectContaining({ code: 'BODY_TOO_COMPLEX', details: expect.objectContaining({ errors: [{ pointer: `/${'k'.repeat(400)}`, detail: expect.any(String) }] }) }));
  });
});
