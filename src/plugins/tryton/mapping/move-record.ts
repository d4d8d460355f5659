/** What the feed keeps of one done move: all that is needed to read it again later, without asking the ERP. */
export interface MoveRecord {
  /** Number of the move. */
  readonly id: number;
  readonly product: number;
  readonly code: string | null;
  /** In the product's own unit, as Tryton itself counts it. */
  readonly quantity: number;
  readonly unit: string;
  readonly from: MoveSide;
  readonly to: MoveSide;
  /** Model of the document that the move belongs to, `stock.shipment.in` say; null for one without. */
  readonly document: string | null;
  /** `2026-11-23`, by the company's calendar. */
  readonly effectiveDate: string;
  /** When the ERP wrote it down, UTC: `2026-11-23T07:42:08.185097`. */
  readonly writtenAt: string;
  /** The company's, an IANA name. */
  readonly timeZone: string;
}

export interface MoveSide {
  readonly location: number;
  /** Tryton's word: `storage`, `customer`, `supplier`, `lost_found`, `production`, ... */
  readonly type: string;
  /** The place that the location counts for; null where it counts for none. */
  readonly place: number | null;
}

/** What lay at a place when the feed began with a snapshot. */
export interface OpeningRecord {
  readonly product: number;
  readonly code: string | null;
  readonly place: number;
  readonly quantity: number;
  readonly unit: string;
  /** UTC, as MoveRecord.writtenAt. */
  readonly asOf: string;
}

/** The stored body is not what this connector writes. */
export class UnreadableRecord extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnreadableRecord';
  }
}

type Fields = Readonly<Record<string, unknown>>;

const DAY = /^\d{4}-\d\d-\d\d$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/;

/** @throws UnreadableRecord, SyntaxError */
export function readMoveRecord(body: string): MoveRecord {
  const fields = fieldsOf(JSON.parse(body), 'the record');
  return {
    id: idOf(fields, 'id'), product: idOf(fields, 'product'), code: optionalText(fields, 'code'), quantity: numberOf(fields, 'quantity'), unit: optionalText(fields, 'unit') ?? '',
    from: readSide(fields, 'from'), to: readSide(fields, 'to'), document: optionalText(fields, 'document'),
    effectiveDate: textLike(fields, 'effectiveDate', DAY), writtenAt: textLike(fields, 'writtenAt', MOMENT), timeZone: textLike(fields, 'timeZone', /^[A-Za-z0-9_+/-]{1,60}$/),
  };
}

/** @throws UnreadableRecord, SyntaxError */
export function readOpeningRecord(body: string): OpeningRecord {
  const fields = fieldsOf(JSON.parse(body), 'the record');
  return {
    product: idOf(fields, 'product'), code: optionalText(fields, 'code'), place: idOf(fields, 'place'), quantity: numberOf(fields, 'quantity'),
    unit: optionalText(fields, 'unit') ?? '', asOf: textLike(fields, 'asOf', MOMENT),
  };
}

function readSide(fields: Fields, name: string): MoveSide {
  const side = fieldsOf(fields[name], name);
  return { location: idOf(side, 'location'), type: textLike(side, 'type', /^[a-z_]{1,40}$/), place: side['place'] === null ? null : idOf(side, 'place') };
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UnreadableRecord(`${what} is no object`);
  return value as Fields;
}

function idOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) throw new UnreadableRecord(`${name} is no number of a record`);
  return value;
}

function numberOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number') throw new UnreadableRecord(`${name} is no number`);
  return value;
}

function textLike(fields: Fields, name: string, pattern: RegExp): string {
  const value = fields[name];
  if (typeof value !== 'string' || !pattern.test(value)) throw new UnreadableRecord(`${name} is not as this connector writes it`);
  return value;
}

function optionalText(fields: Fields, name: string): string | null {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
