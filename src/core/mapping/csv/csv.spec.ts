import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine, neutral, plain, readCsv } from './csv.js';

const records = (text: string): [number, string[]][] => [...readCsv(text)].map(({ line, fields }) => [line, fields]);

describe('readCsv', () => {
  it('reads what it wrote, whatever stands in the fields', () => {
    fc.assert(fc.property(fc.array(fc.array(fc.string({ unit: fc.oneof(fc.constantFrom('"', ',', '\r', '\n', "'", '='), fc.string({ minLength: 1, maxLength: 1 })) }), { minLength: 1, maxLength: 4 }), { maxLength: 5 }), (rows) => {
      // A record of one empty field is a blank line to every reader.
      const written = rows.filter((fields) => fields.length > 1 || fields[0] !== '');
      expect(records(written.map(csvLine).join('')).map(([, fields]) => fields)).toEqual(written);
    }));
  });

  it('takes either line end, a byte order mark, blank lines and a last line without an end, and counts lines', () => {
    expect(records('\ufeffa,b\r\n\r\n"c\nd","e ""f"""\ng,')).toEqual([[1, ['a', 'b']], [3, ['c\nd', 'e "f"']], [5, ['g', '']]]);
    expect(records('')).toEqual([]);
  });

  it.each([['a,"b', /line 1 .* never ends/], ['a\n"b"c,d', /line 2 .* text after/]])('refuses %j', (text, message) => {
    expect(() => records(text)).toThrow(message);
  });
});

describe('neutral', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', "'=1", "''@x", '＝1'])('keeps a spreadsheet from running %j', (field) => {
    expect(neutral(field)).toBe(`'${field}`);
  });

  it.each(['SKU-1', "O'Neill", "'quoted'", '1-2', '', "'"])('leaves %j as it is', (field) => {
    expect(neutral(field)).toBe(field);
  });

  it('is undone by plain for any text', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom("'", '=', '+', '-', '@', '\t', 'a') }), (field) => {
      expect(plain(neutral(field))).toBe(field);
    }));
  });
});
