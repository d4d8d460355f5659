/** The text that is being read is not CSV; `line` is the physical line, counted from 1. */
export class CsvError extends Error {
  constructor(message: string, readonly line: number) {
    super(`Line ${line}: ${message}`);
    this.name = 'CsvError';
  }
}

type State = 'start' | 'plain' | 'quoted' | 'quote-in-quoted';

/**
 * RFC 4180, one chunk after the other: quoted fields with commas, line breaks and doubled quotes, CRLF or LF, a chunk
 * boundary anywhere. Nothing but the unfinished record is kept.
 */
export class CsvParser {
  private state: State = 'start';
  private field = '';
  private record: string[] = [];
  private line = 1;
  private afterReturn = false;

  /** The records that `chunk` completes. */
  push(chunk: string): string[][] {
    const done: string[][] = [];
    for (const character of chunk) this.step(character, done);
    return done;
  }

  /** The last record, where the text does not end with a line break. */
  end(): string[][] {
    if (this.state === 'quoted') throw new CsvError('a quoted field is never closed.', this.line);
    const done: string[][] = [];
    if (this.state !== 'start' || this.record.length > 0) this.closeRecord(done);
    return done;
  }

  private step(character: string, done: string[][]): void {
    const second = this.afterReturn && character === '\n';
    this.afterReturn = false;
    if (second) return;
    if (this.state === 'quoted') return this.stepQuoted(character);
    if (character === ',') return this.closeField();
    if (character === '\n' || character === '\r') {
      this.afterReturn = character === '\r';
      this.closeRecord(done);
      this.line += 1;
      return;
    }
    this.stepField(character);
  }

  private stepQuoted(character: string): void {
    if (character === '"') this.state = 'quote-in-quoted';
    else this.field += character;
    if (character === '\n') this.line += 1;
  }

  private stepField(character: string): void {
    if (this.state === 'quote-in-quoted') {
      if (character !== '"') throw new CsvError('text follows a closing quote.', this.line);
      this.field += '"';
      this.state = 'quoted';
    } else if (this.state === 'start' && character === '"') {
      this.state = 'quoted';
    } else {
      this.field += character;
      this.state = 'plain';
    }
  }

  private closeField(): void {
    this.record.push(this.field);
    this.field = '';
    this.state = 'start';
  }

  private closeRecord(done: string[][]): void {
    const blank = this.state === 'start' && this.record.length === 0;
    this.closeField();
    if (!blank) done.push(this.record);
    this.record = [];
  }
}

/** Reads CSV with a header line as it streams in: one object a record, with the header's names. */
export async function* readCsv(chunks: AsyncIterable<string>): AsyncGenerator<ReadonlyMap<string, string>> {
  const parser = new CsvParser();
  let header: string[] | undefined;
  let read = 0;
  const named = (record: string[]): ReadonlyMap<string, string> | undefined => {
    read += 1;
    if (!header) {
      header = record.map((name) => name.replace(/^\uFEFF/, '').trim());
      return undefined;
    }
    if (record.length !== header.length) throw new CsvError(`record ${read} has ${record.length} fields, the header has ${header.length}.`, read);
    return new Map(header.map((name, index) => [name, record[index] as string]));
  };
  for await (const chunk of chunks) {
    for (const record of parser.push(chunk)) {
      const row = named(record);
      if (row) yield row;
    }
  }
  for (const record of parser.end()) {
    const row = named(record);
    if (row) yield row;
  }
}
