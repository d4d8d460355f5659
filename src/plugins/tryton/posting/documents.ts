import type { TrytonDate, TrytonDecimal } from '../client/values.js';

/** The models of the documents that movements are posted as. */
export type DocumentModel = 'stock.shipment.internal' | 'stock.shipment.out' | 'stock.shipment.out.return' | 'stock.shipment.in';

/** What takes a document from one state to the next. */
export interface Step {
  readonly button: string;
  readonly leadsTo: string;
}

/** The last state of each, and the one in which a document never takes effect. */
export const DONE = 'done';
export const CANCELLED = 'cancelled';

const step = (button: string, leadsTo: string): Step => ({ button, leadsTo });
const finish = step('done', DONE);

/**
 * The way of each kind of document until it is done, by state. Stock is never reserved first: the goods have moved already, whatever
 * Tryton believes to be there.
 */
export const STEPS: Readonly<Record<DocumentModel, Readonly<Record<string, Step>>>> = {
  'stock.shipment.internal': { request: step('draft', 'draft'), draft: step('wait', 'waiting'), waiting: step('assign_force', 'assigned'), assigned: finish, shipped: finish },
  'stock.shipment.out': { draft: step('wait', 'waiting'), waiting: step('pick', 'picked'), assigned: step('pick', 'picked'), picked: step('pack', 'packed'), packed: finish },
  'stock.shipment.out.return': { draft: step('receive', 'received'), received: finish },
  'stock.shipment.in': { draft: step('receive', 'received'), received: finish },
};

export const MODELS = Object.keys(STEPS) as DocumentModel[];

/** One posting as a document that is to be made. */
export interface DocumentPlan {
  readonly model: DocumentModel;
  readonly reference: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A warehouse with the zones that shipments go through. */
export interface WarehouseZones {
  readonly id: number;
  readonly input: number;
  readonly output: number;
}

export interface Goods {
  readonly product: number;
  readonly uom: number;
  readonly quantity: number;
  readonly costPrice: TrytonDecimal;
}

/** What every document of one posting is made with. */
export interface PlanBasis {
  readonly reference: string;
  readonly company: number;
  readonly day: TrytonDate;
  readonly goods: Goods;
}

interface Leg {
  readonly from: number;
  readonly to: number;
  /** Moves from and to customers and suppliers need one. The cost price leaves the product's cost as it is. */
  readonly priced: boolean;
}

function plan(model: DocumentModel, { reference, company, day, goods }: PlanBasis, { from, to, priced }: Leg, values: Readonly<Record<string, unknown>>): DocumentPlan {
  const { product, uom, quantity, costPrice } = goods;
  const move = { product, uom, quantity, from_location: from, to_location: to, company, effective_date: day, ...(priced ? { unit_price: costPrice } : {}) };
  return { model, reference, values: { reference, company, planned_date: day, effective_date: day, ...values, moves: [['create', [move]]] } };
}

/** Within one day: with two dates Tryton would send the goods through its transit location. */
export function internalShipment(basis: PlanBasis, from: number, to: number): DocumentPlan {
  const { day } = basis;
  return plan('stock.shipment.internal', basis, { from, to, priced: false }, { from_location: from, to_location: to, planned_start_date: day, effective_start_date: day });
}

export function customerShipment(basis: PlanBasis, { id, output }: WarehouseZones, customer: CustomerAccount): DocumentPlan {
  return plan('stock.shipment.out', basis, { from: output, to: customer.location, priced: true }, { warehouse: id, customer: customer.party, delivery_address: customer.address });
}

export function customerReturn(basis: PlanBasis, { id, input }: WarehouseZones, customer: CustomerAccount): DocumentPlan {
  return plan('stock.shipment.out.return', basis, { from: customer.location, to: input, priced: true }, { warehouse: id, customer: customer.party, delivery_address: customer.address });
}

export function supplierShipment(basis: PlanBasis, { id, input }: WarehouseZones, supplier: SupplierAccount): DocumentPlan {
  return plan('stock.shipment.in', basis, { from: supplier.location, to: input, priced: true }, { warehouse: id, supplier: supplier.party });
}

export interface SupplierAccount {
  readonly party: number;
  readonly location: number;
}

export interface CustomerAccount extends SupplierAccount {
  readonly address: number;
}
