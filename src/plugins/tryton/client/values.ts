/** A date as Tryton's JSON-RPC writes it. */
export interface TrytonDate {
  readonly __class__: 'date';
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** A moment in UTC, to the microsecond: more than a JavaScript Date can hold. */
export interface TrytonDateTime {
  readonly __class__: 'datetime';
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
}

/** A decimal with every digit; handed back as it came. */
export interface TrytonDecimal {
  readonly __class__: 'Decimal';
  readonly decimal: string;
}

const padded = (value: number, digits: number): string => String(value).padStart(digits, '0');

/** `2026-11-23` */
export function dateText({ year, month, day }: TrytonDate): string {
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
}

/** @param text `2026-11-23` */
export function trytonDate(text: string): TrytonDate {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  return { __class__: 'date', year, month, day };
}

/** `2026-11-23T07:42:08.185097`, always of one length: texts compare as the moments do. */
export function momentText(moment: TrytonDateTime): string {
  return `${dateText({ ...moment, __class__: 'date' })}T${padded(moment.hour, 2)}:${padded(moment.minute, 2)}:${padded(moment.second, 2)}.${padded(moment.microsecond, 6)}`;
}

/** The reverse of momentText. */
export function trytonMoment(text: string): TrytonDateTime {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, microsecond = 0] = text.split(/[-T:.]/).map(Number);
  return { __class__: 'datetime', year, month, day, hour, minute, second, microsecond };
}

/** A moment of the hub's clock or of an HTTP header, in Tryton's text. @param ms since the epoch */
export function momentOfMs(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000`;
}

/** Milliseconds since the epoch; what is finer is cut off. */
export function msOfMoment(text: string): number {
  return Date.parse(`${text.slice(0, 23)}Z`);
}

/** Making one takes longer than a thousand uses of it. An ERP has a handful of time zones. */
const CALENDARS = new Map<string, Intl.DateTimeFormat>();

/** The day that a moment falls on in a time zone. @param timeZone an IANA name @throws RangeError where there is no such zone */
export function dayIn(timeZone: string, ms: number): string {
  const calendar = CALENDARS.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  CALENDARS.set(timeZone, calendar);
  return calendar.format(ms);
}
