/** The body is not what its topic promises. The message names the field and never quotes the body, which holds personal data. */
export class UnreadablePayload extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnreadablePayload';
  }
}

export type Fields = Readonly<Record<string, unknown>>;

const DIGITS = /^[1-9]\d{0,19}$/;

/** No database stores these, so a text that holds one names nothing that the hub could know. */
const UNSTORABLE = /\0|\p{Surrogate}/u;
/** As many as Shopify lets a SKU have, and as the hub takes of any outside name. */
const MOST_CHARS = 255;

/** RFC 3339, with a space or a `T`: both occur in Shopify's payloads. */
const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,9})?)(Z|[+-]\d\d:\d\d)$/;

export function asFields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UnreadablePayload(`${what} is no object`);
  return value as Fields;
}

/** An absent list is told apart from an empty one: a subscription with `include_fields` may leave out what is needed. */
export function listOf(fields: Fields, name: string): readonly Fields[] | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw new UnreadablePayload(`${name} is no list`);
  return value.map((entry, index) => asFields(entry, `${name}[${index}]`));
}

export function optionalId(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string' || !DIGITS.test(text)) throw new UnreadablePayload(`${name} is no id`);
  return text;
}

export function requiredId(fields: Fields, name: string): string {
  const id = optionalId(fields, name);
  if (id === undefined) throw new UnreadablePayload(`${name} is missing`);
  return id;
}

/** Trimmed; a text that could not name anything in the hub counts as absent. */
export function optionalText(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new UnreadablePayload(`${name} is no text`);
  const text = value.trim();
  return text === '' || text.length > MOST_CHARS || UNSTORABLE.test(text) ? undefined : text;
}

/** Units, an integer of zero or more. */
export function requiredUnits(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new UnreadablePayload(`${name} is no number of units`);
  return value;
}

/** A moment in UTC with milliseconds, so that one moment has one spelling; `undefined` where it is absent. */
export function optionalTime(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  const moment = typeof value === 'string' ? parseTime(value) : undefined;
  if (moment === undefined) throw new UnreadablePayload(`${name} is no time`);
  return moment;
}

export function parseTime(text: string): string | undefined {
  const parts = TIME.exec(text);
  if (parts === null) return undefined;
  const milliseconds = Date.parse(`${parts[1]}T${parts[2]}${parts[3]}`);
  return Number.isNaN(milliseconds) ? undefined : new Date(milliseconds).toISOString();
}
