import type { StockMoved } from '@crossdock/connector-sdk';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judge } from '../../src/plugins/tryton/client/answer.js';
import { dateText, momentText, trytonDate, type TrytonDate, type TrytonDateTime, trytonMoment } from '../../src/plugins/tryton/client/values.js';
import type { MoveRecord } from '../../src/plugins/tryton/mapping/move-record.js';
import { parseDeliveries } from '../../src/plugins/tryton/mapping/parse-deliveries.js';
import { type LocationRow, Places } from '../../src/plugins/tryton/mapping/places.js';

interface Exchange {
  readonly request: { readonly body: { readonly method: string; readonly params: readonly unknown[] } };
  readonly response: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: { readonly result?: unknown; readonly error?: unknown } };
}

interface RecordedMove {
  readonly id: number;
  readonly quantity: number;
  readonly origin: string | null;
  readonly effective_date: TrytonDate;
  readonly write_date: TrytonDateTime;
  readonly 'from_location.': { readonly id: number };
  readonly 'to_location.': { readonly id: number };
}

const FILE = process.env['CROSSDOCK_REAL_DATA'] === undefined ? undefined : join(process.env['CROSSDOCK_REAL_DATA'], 'recorded/tryton/exchanges.json');
const ABSENT = FILE !== undefined && existsSync(FILE) ? undefined : 'CROSSDOCK_REAL_DATA names no folder with recorded/tryton';
const EXCHANGES: readonly Exchange[] = ABSENT === undefined && FILE !== undefined ? (JSON.parse(readFileSync(FILE, 'utf8')) as Exchange[]) : [];
const WHAT = 'what a Tryton 6.0 answered when it was recorded';

/** The recorded results of a method, in order; of one kind only where the parameters are to hold a text. */
const resultsOf = <Result>(method: string, holding = ''): Result[] =>
  EXCHANGES.filter(({ request: { body } }) => body.method === method && JSON.stringify(body.params).includes(holding)).map(({ response }) => response.body.result as Result);

/** Every object of a class of Tryton's within a value. */
function within(value: unknown, name: string): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if ((value as { __class__?: unknown }).__class__ === name) return [value];
  return Object.values(value).flatMap((inner) => within(inner, name));
}

describe.skipIf(ABSENT !== undefined)(ABSENT === undefined ? WHAT : `${WHAT} (skipped: ${ABSENT})`, () => {
  it('is judged as what it was: results, and two refusals with their words', () => {
    const answers = EXCHANGES.map(({ response: { status, headers, body } }) => judge({ status, headers, body: JSON.stringify(body) }));
    answers.forEach((answer, index) => {
      const { result } = EXCHANGES[index]?.response.body ?? {};
      if (answer.kind === 'result') expect(answer.result).toEqual(result);
    });
    const faults = answers.flatMap((answer) => (answer.kind === 'fault' ? [answer.fault] : []));
    expect([answers.length, faults.length]).toEqual([132, 2]);
    expect(faults).toMatchObject([{ kind: 'refused', message: 'Move quantity must be positive.' }, { kind: 'refused', message: expect.stringMatching(/^You are not allowed to read records/) as string }]);
  });

  it('holds dates and moments that survive the connector\'s own spelling, to the microsecond', () => {
    const dates = within(EXCHANGES, 'date') as TrytonDate[];
    const moments = within(EXCHANGES, 'datetime') as TrytonDateTime[];
    expect([dates.length > 50, moments.length > 5]).toEqual([true, true]);
    for (const date of dates) expect(trytonDate(dateText(date))).toEqual(date);
    for (const moment of moments) expect(trytonMoment(momentText(moment))).toEqual(moment);
  });

  it('adds up: its moves, read as the feed reads them, give the stock by place that it reckoned itself', () => {
    const warehouseStorage = new Map([[5, 3], [12, 9]]);
    const [listed = []] = resultsOf<LocationRow[]>('model.stock.location.search_read');
    const made: LocationRow[] = [{ id: 9, name: 'Store 001 Stock', type: 'storage', parent: 12 }, { id: 12, name: 'Store 001', type: 'warehouse', parent: null }];
    const places = new Places([...listed, ...made].map((row) => ({ ...row, storage_location: warehouseStorage.get(row.id) ?? null })), []);
    const [moves = []] = resultsOf<RecordedMove[]>('model.stock.move.search_read');
    const side = (location: number) => ({ location, type: places.typeOf(location), place: places.placeOf(location) });
    const deliveries = moves.map((move) => {
      const record: MoveRecord = {
        id: move.id, product: 1, code: '85123A', quantity: move.quantity, unit: 'u', from: side(move['from_location.'].id), to: side(move['to_location.'].id), document: null,
        effectiveDate: dateText(move.effective_date), writtenAt: momentText(move.write_date), timeZone: 'UTC',
      };
      return { deliveryId: `move/${move.id}`, topic: 'stock-move', body: JSON.stringify(record), headers: {}, receivedAt: '2026-11-23T08:00:00Z' };
    });
    const stock = new Map<string, number>();
    for (const result of parseDeliveries(deliveries)) {
      expect(result.kind).not.toBe('failed');
      for (const event of result.kind === 'events' ? (result.events as StockMoved[]) : []) {
        stock.set(event.location.id, (stock.get(event.location.id) ?? 0) + (event.movement === 'sale' ? -event.quantity : event.quantity));
      }
    }
    const reckoned = (place: number): number | undefined => resultsOf<{ quantity: number }[]>('model.product.product.read', `"locations":[${place}]`).filter((rows) => rows.length > 0).at(-1)?.[0]?.quantity;
    expect(moves.length).toBeGreaterThan(5);
    expect([stock.get('5'), stock.get('12')]).toEqual([reckoned(5), reckoned(12)]);
  });

  it('was asked in the words that the connector uses: the same methods, buttons and fields exist', () => {
    const asked = new Set(EXCHANGES.map(({ request }) => request.body.method));
    for (const method of ['common.db.login', 'model.res.user.get_preferences', 'model.stock.move.search_read', 'model.stock.location.search_read', 'model.product.product.read',
      'model.stock.shipment.internal.create', 'model.stock.shipment.internal.wait', 'model.stock.shipment.internal.done', 'model.stock.shipment.out.pick', 'model.stock.shipment.out.pack',
      'model.stock.shipment.out.done', 'model.stock.shipment.out.return.receive', 'model.stock.shipment.out.return.done']) expect(asked, method).toContain(method);
    expect(resultsOf<unknown[]>('common.db.login')[0]).toHaveLength(2);
  });
});
