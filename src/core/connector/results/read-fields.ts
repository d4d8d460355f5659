/** Reads fields of a value that a plugin made. Every reader answers a fresh, well-formed value or throws Malformed. */
export class Malformed extends Error {}

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed(`${what} is no object`);
  return value as Fields;
}

/** Postgres stores no NUL, and one such id would fail the batch of everybody else. */
export function textField(fields: Fields, name: string, mostChars: number): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '' || value.length > mostChars) throw new Malformed(`'${name}' is no text of 1 to ${mostChars} characters`);
  if (value.includes('\0')) throw new Malformed(`'${name}' holds a NUL character`);
  return value;
}

/** Free text for people: cut and cleaned, never refused. */
export function proseField(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value.replaceAll('\0', '').slice(0, 500) : '';
}

export function integerField(fields: Fields, name: string, least: number, most: number): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) throw new Malformed(`'${name}' is no whole number from ${least} to ${most}`);
  return value;
}

export function oneOfField<T extends string>(fields: Fields, name: string, allowed: readonly T[]): T {
  const value = fields[name];
  if (!(allowed as readonly unknown[]).includes(value)) throw new Malformed(`'${name}' is none of ${allowed.join(', ')}`);
  return value as T;
}

export function flagField(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value !== 'boolean') throw new Malformed(`'${name}' is neither true nor false`);
  return value;
}

export function listField(fields: Fields, name: string, most: number): unknown[] {
  const value = fields[name];
  if (!Array.isArray(value) || value.length > most) throw new Malformed(`'${name}' is no list of at most ${most}`);
  return Array.from(value as unknown[]);
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

export function timeField(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || !RFC3339.test(value) || Number.isNaN(Date.parse(value))) throw new Malformed(`'${name}' is no RFC 3339 time`);
  return value;
}
