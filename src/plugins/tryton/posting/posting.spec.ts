import { ConnectorError, type MovementPosting, type PostingAccount } from '@crossdock/connector-sdk';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../client/answer.js';
import { Places } from '../mapping/places.js';
import { isolate } from './isolate.js';
import { planDocument } from './plan-document.js';
import type { PostingBasis, ProductFacts } from './read-basis.js';

const WAREHOUSE = { id: 5, name: 'Warehouse', type: 'warehouse', parent: null, storage_location: 3, input_location: 1, output_location: 2 };
const SHELF = { id: 8, name: 'Shelf', type: 'storage', parent: null };
const product = (id: number, code: string, active = true): ProductFacts => ({ id, code, active, uom: 1, costPrice: { __class__: 'Decimal', decimal: '1.1000' } });
const BASIS: PostingBasis = {
  places: new Places([WAREHOUSE, SHELF], [8]), products: [product(40, 'MUG'), product(41, 'TWICE'), product(42, 'TWICE'), product(43, 'OLD', false), product(44, 'NEW', false), product(45, 'NEW')], differences: 4, elsewhere: 60,
  customer: { party: 90, location: 7, address: 91 }, supplier: { party: 92, location: 6 },
};
const at = (id: number): PostingAccount => ({ location: { type: 'location', id: String(id) }, condition: 'sellable' });
const of = (virtual: 'customer' | 'supplier' | 'loss' | 'opening' | 'elsewhere'): PostingAccount => ({ virtual });
const POSTING: MovementPosting = { key: 'm1', movement: 'sale', item: { type: 'product', id: '40' }, quantity: 2, from: at(5), to: of('customer'), occurredAt: '2026-11-22T23:30:00Z' };
const plan = (change: Partial<MovementPosting>, basis = BASIS) => planDocument({ ...POSTING, ...change }, { reference: 'crossdock:erp:m1', company: 1, timeZone: 'Europe/Berlin', basis });

describe('a posting', () => {
  it.each<[string, PostingAccount, PostingAccount, string, [number, number]]>([
    ['a sale', at(5), of('customer'), 'stock.shipment.out', [2, 7]],
    ['a return', of('customer'), at(5), 'stock.shipment.out.return', [7, 1]],
    ['a receipt', of('supplier'), at(5), 'stock.shipment.in', [6, 1]],
    ['a return to a supplier', at(5), of('supplier'), 'stock.shipment.internal', [3, 4]],
    ['a sale from a shelf that is no warehouse', at(8), of('customer'), 'stock.shipment.internal', [8, 4]],
    ['a loss', at(5), of('loss'), 'stock.shipment.internal', [3, 4]],
    ['an opening', of('opening'), at(5), 'stock.shipment.internal', [4, 3]],
    ['a transfer', at(5), at(8), 'stock.shipment.internal', [3, 8]],
    ['goods from a place that Tryton does not know', of('elsewhere'), at(8), 'stock.shipment.internal', [60, 8]],
  ])('of %s is the document that Tryton has for it', (_, from, to, model, [fromLocation, toLocation]) => {
    expect(plan({ from, to })).toMatchObject({
      kind: 'document',
      plan: { model, reference: 'crossdock:erp:m1', values: { reference: 'crossdock:erp:m1', company: 1, moves: [['create', [{ product: 40, uom: 1, quantity: 2, from_location: fromLocation, to_location: toLocation }]]] } },
    });
  });

  it('takes effect on its day by the company\'s calendar, at the product\'s cost', () => {
    const day = { __class__: 'date', year: 2026, month: 11, day: 23 };
    expect(plan({})).toMatchObject({ plan: { values: { effective_date: day, planned_date: day, customer: 90, delivery_address: 91, moves: [['create', [{ unit_price: { decimal: '1.1000' } }]]] } } });
  });

  it.each([['MUG', 40], ['OLD', 43], ['NEW', 45]])('of an item that is named by its SKU %s is of the product with that code', (sku, id) => {
    expect(plan({ item: { type: 'sku', id: sku, sku } })).toMatchObject({ plan: { values: { moves: [['create', [{ product: id }]]] } } });
  });

  it('of a SKU that two products have, or none, is refused', () => {
    expect(plan({ item: { type: 'sku', id: 'TWICE' } })).toMatchObject({ result: { kind: 'rejected', code: 'AMBIGUOUS_PRODUCT' } });
    expect(plan({ item: { type: 'sku', id: 'NOWHERE' } })).toMatchObject({ result: { kind: 'rejected', code: 'UNKNOWN_PRODUCT' } });
  });

  it('without parties is an internal shipment', () => {
    expect(plan({}, { ...BASIS, customer: undefined })).toMatchObject({ plan: { model: 'stock.shipment.internal' } });
  });

  it('between conditions of one place is nothing to Tryton, and what it does not know is refused', () => {
    expect(plan({ to: { location: { type: 'location', id: '5' }, condition: 'damaged' } })).toEqual({ kind: 'settled', result: { kind: 'unchanged' } });
    expect(plan({ item: { type: 'product', id: '49' } })).toMatchObject({ result: { kind: 'rejected', code: 'UNKNOWN_PRODUCT' } });
    expect(plan({ to: at(3) })).toMatchObject({ result: { kind: 'rejected', code: 'UNKNOWN_LOCATION', detail: expect.stringContaining('location 3') as string } });
  });
});

describe('a batch that Tryton refuses', () => {
  const refusing = (bad: readonly number[], calls: (readonly number[])[] = []) => (some: readonly number[]): Promise<Answer<number>> => {
    calls.push(some);
    return Promise.resolve(some.some((entry) => bad.includes(entry)) ? { kind: 'fault', fault: { kind: 'refused', message: 'no' } } : { kind: 'result', result: some.length });
  };
  const numbers = Array.from({ length: 20 }, (_, index) => index);

  it('is tried in halves until the bad ones stand alone', async () => {
    const calls: (readonly number[])[] = [];
    const { through, failed } = await isolate(numbers, refusing([3, 17], calls));
    expect(failed).toEqual([3, 17].map((entry) => [entry, { kind: 'rejected', code: 'REFUSED', detail: 'no' }]));
    expect(through.flatMap(({ entries }) => entries)).toEqual(numbers.filter((entry) => ![3, 17].includes(entry)));
    expect(calls.length).toBeLessThan(20);
  });

  it('stops at once where no posting could go through', async () => {
    const answer: Answer<never> = { kind: 'fault', fault: { kind: 'refused', message: 'You are not allowed to access "Internal Shipment".' } };
    await expect(isolate(numbers, () => Promise.resolve(answer))).rejects.toMatchObject({ kind: 'permission' });
    await expect(isolate(numbers, () => Promise.reject(new ConnectorError('auth_revoked', 'x')))).rejects.toMatchObject({ kind: 'auth_revoked' });
  });

  it.each([['ambiguous', 'ambiguous'], ['transient', 'retry']] as const)('is %s as a whole where the call was', async (kind, verdict) => {
    const { failed } = await isolate(numbers, () => Promise.reject(new ConnectorError(kind, 'x')));
    expect(new Set(failed.map(([, result]) => result.kind))).toEqual(new Set([verdict]));
  });

  it('comes again where others were at the same records, or where the ERP\'s day has not come', async () => {
    expect((await isolate([1, 2], () => Promise.resolve({ kind: 'fault', fault: { kind: 'busy', message: 'locked' } }))).failed.map(([, { kind }]) => kind)).toEqual(['retry', 'retry']);
    expect((await isolate([1], () => Promise.resolve({ kind: 'fault', fault: { kind: 'warning', name: 'x.effective_date_future', message: 'm' } }))).failed).toMatchObject([[1, { kind: 'retry', afterMs: 600_000 }]]);
    expect((await isolate([1], () => Promise.resolve({ kind: 'fault', fault: { kind: 'warning', name: 'other', message: 'm' } }))).failed).toMatchObject([[1, { kind: 'rejected', code: 'NEEDS_CONSENT' }]]);
    expect((await isolate([1], () => Promise.resolve({ kind: 'fault', fault: { kind: 'broken', message: 'KeyError' } }))).failed).toMatchObject([[1, { kind: 'rejected', code: 'ERP_ERROR' }]]);
  });
});
