import type { MovementPosting, PostingAccount, PostResult } from '@crossdock/connector-sdk';
import { dayIn, trytonDate } from '../client/values.js';
import {
  customerReturn, customerShipment, type DocumentPlan, internalShipment, type PlanBasis, supplierShipment, type WarehouseZones,
} from './documents.js';
import type { PostingBasis, ProductFacts } from './read-basis.js';

export type Planned = { readonly kind: 'document'; readonly plan: DocumentPlan } | { readonly kind: 'settled'; readonly result: PostResult };

interface Where {
  readonly reference: string;
  readonly company: number;
  readonly timeZone: string;
  readonly basis: PostingBasis;
}

/** Which document says in Tryton what a movement says in the ledger. Pure. */
export function planDocument(posting: MovementPosting, { reference, company, timeZone, basis }: Where): Planned {
  const [product, another] = productsOf(posting, basis);
  if (product === undefined) return rejected('UNKNOWN_PRODUCT', `Tryton has no goods with the ${posting.item.type === 'sku' ? 'code' : 'number'} ${posting.item.id}`);
  if (another !== undefined) return rejected('AMBIGUOUS_PRODUCT', `Tryton has several goods with the code ${posting.item.id}: say which one by a cross-reference`);
  const from = locationOf(posting.from, basis);
  const to = locationOf(posting.to, basis);
  if (from === undefined || to === undefined) return rejected('UNKNOWN_LOCATION', `${nameOf(from === undefined ? posting.from : posting.to)} is no place in Tryton: a warehouse, or a storage location that the configuration names`);
  if (from === to) return { kind: 'settled', result: { kind: 'unchanged' } };
  const day = trytonDate(dayIn(timeZone, Date.parse(posting.occurredAt)));
  const planBasis: PlanBasis = { reference, company, day, goods: { product: product.id, quantity: posting.quantity, uom: product.uom, costPrice: product.costPrice } };
  return { kind: 'document', plan: shipmentWithParty(posting, planBasis, basis) ?? internalShipment(planBasis, from, to) };
}

/** By its number; by its code those in use, and archived ones only where none is. */
function productsOf({ item }: MovementPosting, { products }: PostingBasis): readonly ProductFacts[] {
  if (item.type !== 'sku') return products.filter(({ id }) => item.type === 'product' && String(id) === item.id);
  const named = products.filter(({ code }) => code === item.id);
  const active = named.filter((product) => product.active);
  return active.length > 0 ? active : named;
}

/** A shipment from or to a customer or supplier, where the configuration names a party for them and the place is a warehouse. */
function shipmentWithParty({ from, to }: MovementPosting, planBasis: PlanBasis, basis: PostingBasis): DocumentPlan | undefined {
  const { customer, supplier } = basis;
  if (isVirtual(to, 'customer') && customer !== undefined) {
    const zones = zonesOf(from, basis);
    return zones && customerShipment(planBasis, zones, customer);
  }
  const zones = zonesOf(to, basis);
  if (isVirtual(from, 'customer') && customer !== undefined) return zones && customerReturn(planBasis, zones, customer);
  if (isVirtual(from, 'supplier') && supplier !== undefined) return zones && supplierShipment(planBasis, zones, supplier);
  return undefined;
}

function isVirtual(account: PostingAccount, name: string): boolean {
  return 'virtual' in account && account.virtual === name;
}

/** Tryton knows no condition of goods: what is damaged lies at the place as before. */
function locationOf(account: PostingAccount, { places, differences, elsewhere }: PostingBasis): number | undefined {
  if ('location' in account) return places.rootOf(Number(account.location.id));
  return account.virtual === 'elsewhere' ? elsewhere : differences;
}

function zonesOf(account: PostingAccount, { places }: PostingBasis): WarehouseZones | undefined {
  const row = 'location' in account ? places.row(Number(account.location.id)) : undefined;
  if (row?.type !== 'warehouse' || !row.input_location || !row.output_location) return undefined;
  return { id: row.id, input: row.input_location, output: row.output_location };
}

function nameOf(account: PostingAccount): string {
  return 'location' in account ? `location ${account.location.id}` : account.virtual;
}

function rejected(code: string, detail: string): Planned {
  return { kind: 'settled', result: { kind: 'rejected', code, detail } };
}
