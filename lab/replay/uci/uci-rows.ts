import { createReadStream } from 'node:fs';
import { readCsv } from './csv.js';

/** One row of the UCI Online Retail file, typed; nothing is judged yet. */
export interface UciRow {
  readonly invoice: string;
  /** Trimmed and in upper case: item codes that differ only in case are one item. */
  readonly code: string;
  readonly codeAsWritten: string;
  readonly description: string;
  readonly quantity: number;
  /** Milliseconds since the epoch; the file names no zone and is read as UTC. */
  readonly at: number;
  /** Empty where the file names none. */
  readonly customer: string;
}

/** The file is not the UCI Online Retail sheet as CSV. */
export class UciFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UciFileError';
  }
}

const COLUMNS = ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'CustomerID'] as const;

/**
 * Codes that are no goods: postage and carriage, manual entries, discounts, samples, bad debt, fees, charity. Gift
 * vouchers and test entries go by their beginning. Everything else, the DCGS family included, is goods.
 */
const NO_GOODS = new Set(['POST', 'DOT', 'C2', 'C3', 'M', 'D', 'S', 'B', 'CRUK', 'AMAZONFEE', 'BANK CHARGES', 'ADJUST', 'ADJUST2']);
const NO_GOODS_BEGINNING = /^(GIFT|TEST)/;

export function isGoods(code: string): boolean {
  return !NO_GOODS.has(code) && !NO_GOODS_BEGINNING.test(code);
}

/** `2010-12-01 08:26:00` as the day files have it, or `12/1/2010 8:26` as a spreadsheet exports it. */
export function readInvoiceDate(text: string): number | undefined {
  const iso = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  const sheet = /^(\d{1,2})\/(\d{1,2})\/(\d{2}|\d{4}) (\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  const [year, month, day, hour, minute, second] = iso
    ? iso.slice(1).map((part) => Number(part ?? 0))
    : sheet
      ? [Number(sheet[3]) % 2000 + 2000, Number(sheet[1]), Number(sheet[2]), Number(sheet[4]), Number(sheet[5]), Number(sheet[6] ?? 0)]
      : [];
  if (year === undefined || month === undefined || month < 1 || month > 12 || day === undefined || day < 1 || day > 31) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function readRow(row: ReadonlyMap<string, string>, number: number): UciRow {
  const cell = (name: (typeof COLUMNS)[number]): string => row.get(name)?.trim() ?? '';
  const quantity = Number(cell('Quantity'));
  if (cell('Quantity') === '' || !Number.isSafeInteger(quantity)) throw new UciFileError(`Row ${number}: the quantity '${cell('Quantity')}' is not a whole number.`);
  const at = readInvoiceDate(cell('InvoiceDate'));
  if (at === undefined) throw new UciFileError(`Row ${number}: '${cell('InvoiceDate')}' is not a date; expected 2010-12-01 08:26:00 or 12/1/2010 8:26.`);
  if (cell('InvoiceNo') === '' || cell('StockCode') === '') throw new UciFileError(`Row ${number}: the invoice number or the stock code is missing.`);
  return {
    invoice: cell('InvoiceNo').toUpperCase(),
    code: cell('StockCode').toUpperCase(),
    codeAsWritten: cell('StockCode'),
    description: cell('Description'),
    quantity,
    at,
    // Spreadsheets turn the id into a number: 17850 and 17850.0 are the same customer.
    customer: cell('CustomerID').replace(/\.0$/, ''),
  };
}

/**
 * Streams the rows of the file.
 * @param most stop after so many rows (all by default).
 * @throws UciFileError or CsvError that names the row.
 */
export async function* readUciRows(path: string, most = Number.POSITIVE_INFINITY): AsyncGenerator<UciRow> {
  let number = 0;
  for await (const row of readCsv(createReadStream(path, { encoding: 'utf8' }))) {
    if (number >= most) return;
    number += 1;
    const missing = number === 1 ? COLUMNS.filter((name) => !row.has(name)) : [];
    if (missing.length > 0) throw new UciFileError(`The header lacks ${missing.join(', ')}: this is not the UCI Online Retail sheet as CSV.`);
    yield readRow(row, number);
  }
  if (number === 0) throw new UciFileError('The file has no rows.');
}
