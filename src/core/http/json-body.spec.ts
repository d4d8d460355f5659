import { describe, expect, it } from 'vitest';
import { MOST_JSON_DEPTH, readJson } from './json-body.js';

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
    ['too many levels', '['.repeat(MOST_JSON_DEPTH + 1) + ']'.repeat(MOST_JSON_DEPTH + 1)],
    ['a hundred thousand levels', '{"a":'.repeat(100_000)],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le').toString('latin1')],
  ])('refuses %s', (_what, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'MALFORMED_BODY' }));
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(() => readJson(Buffer.from([0x22, 0xff, 0xfe, 0x22]))).toThrow(expect.objectContaining({ code: 'MALFORMED_BODY' }));
  });

  it('takes the deepest allowed body and a well-formed surrogate pair', () => {
    expect(() => read('['.repeat(MOST_JSON_DEPTH) + ']'.repeat(MOST_JSON_DEPTH))).not.toThrow();
    expect(read('"\\ud83d\\ude00"')).toBe('😀');
  });
});
