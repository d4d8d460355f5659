export type Fields = Readonly<Record<string, unknown>>;

/** A record is not what it promises. The message names the field and never quotes a value. */
export class UnreadableRecord extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnreadableRecord';
  }
}

/** As many characters as the hub takes of an outside id. */
const MOST_ID_CHARS = 100;
const MOST_SKU_CHARS = 255;
/** No database stores these, so a text that holds one names nothing that the hub could know. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list; nothing where there is no list. */
export function recordsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** Ids are numbers or UUIDs, as the shop's configuration wants; in JSON that Vendure only passes on they may be numbers. */
export function idOf(value: unknown, what: string): string {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string' || text === '' || text.length > MOST_ID_CHARS || UNSTORABLE.test(text)) throw new UnreadableRecord(`${what} is no id`);
  return text;
}

/** Trimmed; a text that could not name anything in the hub counts as absent. */
export function skuOf(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.trim() : '';
  return text === '' || text.length > MOST_SKU_CHARS || UNSTORABLE.test(text) ? undefined : text;
}

export function wholeOf(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new UnreadableRecord(`${what} is no whole number`);
  return value;
}

/** Units, zero or more. */
export function unitsOf(value: unknown, what: string): number {
  const units = wholeOf(value, what);
  if (units < 0) throw new UnreadableRecord(`${what} is less than nothing`);
  return units;
}

/** A moment in UTC with milliseconds, so that one moment has one spelling. */
export function timeOf(value: unknown, what: string): string {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new UnreadableRecord(`${what} is no time`);
  return new Date(ms).toISOString();
}
