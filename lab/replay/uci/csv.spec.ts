import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvError, CsvParser, readCsv } from './csv.js';

function parse(...chunks: string[]): string[][] {
  const parser = new CsvParser();
  return [...chunks.flatMap((chunk) => parser.push(chunk)), ...parser.end()];
}

async function* stream(...chunks: string[]): AsyncGenerator<string> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

async function rowsOf(rows: AsyncIterable<ReadonlyMap<string, string>>): Promise<ReadonlyMap<string, string>[]> {
  const all: ReadonlyMap<string, string>[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

describe('the CSV parser', () => {
  it('keeps commas, line breaks and doubled quotes inside quoted fields', () => {
    expect(parse('a,"b,c","d\n""e"""\r\nf,,\n')).toEqual([['a', 'b,c', 'd\n"e"'], ['f', '', '']]);
  });

  it('takes a last record without a line break, and skips blank lines', () => {
    expect(parse('a,b\n\n\r\nc,')).toEqual([['a', 'b'], ['c', '']]);
  });

  it('treats a quote in the middle of a plain field as text, as spreadsheets do', () => {
    expect(parse('RECORD FRAME 7",2\n')).toEqual([['RECORD FRAME 7"', '2']]);
  });

  it('reads the same records however the text is cut into chunks', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é', ' ') });
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 8 }), fc.array(fc.nat(60), { maxLength: 5 }), (records, cuts) => {
        const text = records.map((record) => record.map((value) => `"${value.replaceAll('"', '""')}"`).join(',')).join('\r\n');
        const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
        const chunks = places.slice(1).map((end, index) => text.slice(places[index], end));
        expect(parse(...chunks)).toEqual(records);
      }),
    );
  });

  it('names the line of a quote that is never closed and of text after a closing quote', () => {
    expect(() => parse('a\n"b')).toThrow(new CsvError('a quoted field is never closed.', 2));
    expect(() => parse('"a"b\n')).toThrow(CsvError);
  });

  it('gives rows by the header\'s names, without a byte order mark', async () => {
    const rows = await rowsOf(readCsv(stream('\uFEFFx,', 'y\n1,2\n')));
    expect(rows.map((row) => Object.fromEntries(row))).toEqual([{ x: '1', y: '2' }]);
  });

  it('refuses a record that is longer or shorter than the header', async () => {
    await expect(rowsOf(readCsv(stream('x,y\n1\n')))).rejects.toThrow('record 2 has 1 fields, the header has 2');
  });
});
