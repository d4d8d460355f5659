import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cursor } from './cursor.js';

const cursor = new Cursor('things', ['text', 'integer']);
const refusal = expect.objectContaining({ code: 'CURSOR_INVALID', status: 400, details: expect.objectContaining({ errors: [{ pointer: '?after', detail: expect.any(String) }] }) });

describe('a cursor', () => {
  it('leads back to the position that it was written for', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')), fc.integer(), (text, number) => {
      expect(cursor.read(cursor.write(text, number))).toEqual([text, number]);
    }));
  });

  it('is not there at the beginning of a list', () => {
    expect([cursor.read(undefined), cursor.read('')]).toEqual([undefined, undefined]);
  });

  it('is refused when any of it was altered, cut off or added', () => {
    const good = cursor.write('A-1', 7);
    fc.assert(fc.property(fc.nat(good.length - 1), fc.constantFrom(...'AZaz09-_'), (at, by) => {
      const altered = good.slice(0, at) + by + good.slice(at + 1);
      if (altered !== good) expect(() => cursor.read(altered)).toThrow(refusal);
    }));
    for (let length = 1; length < good.length; length += 1) expect(() => cursor.read(good.slice(0, length))).toThrow(refusal);
    for (const text of [`${good}A`, `${good}=`, ` ${good}`, 'null', '0', '..', 'x'.repeat(9_000)]) expect(() => cursor.read(text)).toThrow(refusal);
  });

  it('is refused by every other list, and when its parts have another form', () => {
    expect(() => new Cursor('others', ['text', 'integer']).read(cursor.write('A-1', 7))).toThrow(refusal);
    expect(() => new Cursor('things', ['text']).read(cursor.write('A-1', 7))).toThrow(refusal);
    expect(() => cursor.read(new Cursor('things', ['text', 'bigint']).write('A-1', 2 ** 40))).toThrow(refusal);
    expect(() => cursor.read(cursor.write('A\0', 7))).toThrow(refusal);
    expect(() => cursor.read(cursor.write('\ud800', 7))).toThrow(refusal);
  });
});
