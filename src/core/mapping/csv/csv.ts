import { HubError } from '../../errors/index.js';

/** One record of a CSV text (RFC 4180), and the line on which it begins, from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: string[];
}

const QUOTE = '"';

/**
 * Reads records one by one: quoted fields may hold commas, quotes (doubled) and line breaks; lines end in CRLF or LF;
 * a byte order mark and blank lines are skipped.
 * @throws HubError MALFORMED_BODY with the line at which a quoted field goes wrong.
 */
export function* readCsv(text: string): Generator<CsvRecord> {
  let line = 1;
  let at = text.startsWith('\ufeff') ? 1 : 0;
  while (at < text.length) {
    const begins = line;
    const fields: string[] = [];
    for (let more = true; more; ) {
      const field = text[at] === QUOTE ? quotedField(text, at, begins) : plainField(text, at);
      fields.push(field.value);
      line += field.value.split('\n').length - 1;
      more = text[field.end] === ',';
      at = field.end + 1;
      if (!more && text[field.end] === '\r') at += 1;
    }
    line += 1;
    if (fields.length > 1 || fields[0] !== '') yield { line: begins, fields };
  }
}

interface Field {
  readonly value: string;
  /** Where the comma, the end of the line or the end of the text is. */
  readonly end: number;
}

function plainField(text: string, start: number): Field {
  let end = start;
  while (end < text.length && text[end] !== ',' && text[end] !== '\n' && !(text[end] === '\r' && text[end + 1] === '\n')) end += 1;
  return { value: text.slice(start, end), end };
}

function quotedField(text: string, start: number, line: number): Field {
  for (let from = start + 1; ; ) {
    const quote = text.indexOf(QUOTE, from);
    if (quote < 0) throw new HubError('MALFORMED_BODY', { detail: `The record of line ${line} has a quoted field that never ends.` });
    if (text[quote + 1] === QUOTE) {
      from = quote + 2;
      continue;
    }
    const end = quote + 1;
    const closed = end === text.length || text[end] === ',' || text[end] === '\n' || text.startsWith('\r\n', end);
    if (!closed) throw new HubError('MALFORMED_BODY', { detail: `The record of line ${line} has text after a quoted field.` });
    return { value: text.slice(start + 1, quote).replaceAll('""', QUOTE), end };
  }
}

/** One record with its line end. */
export function csvLine(fields: readonly string[]): string {
  return `${fields.map((field) => (/[",\r\n]/.test(field) || field === '' ? `"${field.replaceAll(QUOTE, '""')}"` : field)).join(',')}\r\n`;
}

// A spreadsheet runs a cell that begins so as a formula (OWASP, CSV injection); an apostrophe before it makes it text.
const FORMULA = /^'*[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/;

/** The field as a spreadsheet may be shown it. What already looks neutralised gets one apostrophe more, so that `plain` can undo it for any text. */
export function neutral(field: string): string {
  return FORMULA.test(field) ? `'${field}` : field;
}

export function plain(field: string): string {
  return field.startsWith("'") && FORMULA.test(field) ? field.slice(1) : field;
}
