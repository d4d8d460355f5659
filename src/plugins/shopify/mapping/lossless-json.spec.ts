import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLosslessJson } from './lossless-json.js';

describe('lossless JSON', () => {
  it('keeps every digit of an integer that a double would round, wherever it stands', () => {
    const long = '820982911946154508';
    expect(parseLosslessJson(`{"id":${long},"in":[ ${long},-${long}],"a" : {"b"\n:\t${long}},"short":9007199254740991}`)).toEqual({
      id: long, in: [long, `-${long}`], a: { b: long }, short: 9007199254740991,
    });
    expect(parseLosslessJson(long)).toBe(long);
  });

  it('leaves fractions, exponents and texts as they are', () => {
    const text = '{"f":1234567890123456.5,"e":1e300,"t":"x:12345678901234567890","id":9007199254740993}';
    expect(parseLosslessJson(text)).toEqual({ f: 1234567890123456.5, e: 1e300, t: 'x:12345678901234567890', id: '9007199254740993' });
  });

  it('reads everything else as JSON.parse does, and refuses what it refuses', () => {
    const rounded = (text: string, parse: (text: string) => unknown) => JSON.stringify(parse(text), (_key, value: unknown) => (typeof value === 'string' && /^-?\d{16,}$/.test(value) ? Number(value) : value));
    fc.assert(fc.property(fc.json(), (text) => {
      expect(rounded(text, parseLosslessJson)).toBe(rounded(text, JSON.parse));
    }));
    for (const text of ['', '{', '{"id":12345678901234567890', '[1,]']) expect(() => parseLosslessJson(text)).toThrow(SyntaxError);
  });
});
