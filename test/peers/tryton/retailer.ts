import { TrytonRpc, trytonDate, trytonDecimal } from './rpc.js';

export interface Warehouse {
  readonly id: number;
  readonly inputId: number;
  readonly outputId: number;
  readonly storageId: number;
}

/** So many units of a product, by its number in Tryton. */
export interface Line {
  readonly product: number;
  readonly quantity: number;
  /** A unit of measure; the product's own where it is absent. */
  readonly uom?: number;
}

export interface NewProduct {
  readonly code: string;
  readonly name?: string;
  /** An EAN that is stored as the product's identifier. */
  readonly ean?: string;
  readonly uom?: number;
}

/** Ids that every fresh Tryton has: its first warehouse's zones and the accounts that moves come from and go to. */
export const PLACES = { input: 1, output: 2, storage: 3, lostFound: 4, warehouse: 5, supplier: 6, customer: 7, transit: 8 } as const;
export const UNIT = 1;

/** What people of the practice retailer do in its ERP: they click the documents through, as Tryton's own client would. */
export class TrytonRetailer {
  constructor(readonly rpc: TrytonRpc) {}

  /** Goods, counted in units unless `uom` says otherwise, at a cost of 1.00. @returns their ids, in order. */
  async addProducts(products: readonly NewProduct[]): Promise<number[]> {
    const templates = await this.rpc.call<number[]>('model.product.template.create', [products.map(({ code, name, ean, uom = UNIT }) => ({
      name: name ?? code, type: 'goods', default_uom: uom, list_price: trytonDecimal('2.50'), salable: true, sale_uom: uom, purchasable: true, purchase_uom: uom,
      products: [['create', [{
        suffix_code: code, cost_price: trytonDecimal('1.00'), ...(ean === undefined ? {} : { identifiers: [['create', [{ type: 'ean', code: ean }]]] }),
      }]]],
    }))]);
    const rows = await this.rpc.call<{ id: number; template: number }[]>('model.product.product.search_read', [[['template', 'in', templates]], 0, null, null, ['template']]);
    const byTemplate = new Map(rows.map((row) => [row.template, row.id]));
    return templates.map((template) => byTemplate.get(template) as number);
  }

  /** A warehouse with input, output and storage zones: a store as well as a distribution centre. */
  async addWarehouse({ name, code }: { readonly name: string; readonly code: string }): Promise<Warehouse> {
    const zones = [['Stock', 'STO'], ['In', 'IN'], ['Out', 'OUT']].map(([zone, short]) => ({ name: `${name} ${zone}`, code: `${code}-${short}`, type: 'storage' }));
    const [storageId, inputId, outputId] = (await this.rpc.call<number[]>('model.stock.location.create', [zones])) as [number, number, number];
    const [id] = (await this.rpc.call<number[]>('model.stock.location.create', [[{
      name, code, type: 'warehouse', input_location: inputId, output_location: outputId, storage_location: storageId,
      lost_found_location: PLACES.lostFound,
    }]])) as [number];
    return { id, inputId, outputId, storageId };
  }

  /** A stock count: states what lies in a storage location. Products that are not named keep their figures. @returns the inventory's id. */
  async count(location: number, lines: readonly Line[], day = today()): Promise<number> {
    const [id] = (await this.rpc.call<number[]>('model.stock.inventory.create', [[{
      location, date: trytonDate(day), company: this.rpc.company, empty_quantity: 'keep',
      lines: [['create', lines.map(({ product, quantity }) => ({ product, quantity }))]],
    }]])) as [number];
    await this.rpc.callWithConsent('model.stock.inventory.confirm', [[id]]);
    return id;
  }

  /** A transfer within one day between two storage locations, done. @returns the internal shipment's id. */
  async transfer(from: number, to: number, lines: readonly Line[], day = today()): Promise<number> {
    const date = trytonDate(day);
    return this.document('stock.shipment.internal', {
      from_location: from, to_location: to, planned_date: date, planned_start_date: date, effective_date: date, effective_start_date: date,
      moves: [['create', this.moves(from, to, lines)]],
    }, ['wait', 'assign_force', 'done']);
  }

  /** Goods that leave a warehouse for a customer: picked, packed, shipped. @returns the shipment's id. */
  async ship(warehouse: Warehouse, lines: readonly Line[], day = today()): Promise<number> {
    const { party, address } = await this.partner('Customer of the practice retailer');
    return this.document('stock.shipment.out', {
      customer: party, delivery_address: address, warehouse: warehouse.id, planned_date: trytonDate(day), effective_date: trytonDate(day),
      outgoing_moves: [['create', this.moves(warehouse.outputId, PLACES.customer, lines)]],
    }, ['wait', 'assign_force', 'pick', 'pack', 'done']);
  }

  /** Goods that a customer brings back, put into stock. @returns the return shipment's id. */
  async takeBack(warehouse: Warehouse, lines: readonly Line[], day = today()): Promise<number> {
    const { party, address } = await this.partner('Customer of the practice retailer');
    return this.document('stock.shipment.out.return', {
      customer: party, delivery_address: address, warehouse: warehouse.id, planned_date: trytonDate(day), effective_date: trytonDate(day),
      incoming_moves: [['create', this.moves(PLACES.customer, warehouse.inputId, lines)]],
    }, ['receive', 'done']);
  }

  /** Goods that a supplier delivers, received and put into stock. @returns the supplier shipment's id. */
  async receive(warehouse: Warehouse, lines: readonly Line[], day = today()): Promise<number> {
    const { party } = await this.partner('Supplier of the practice retailer');
    return this.document('stock.shipment.in', {
      supplier: party, warehouse: warehouse.id, planned_date: trytonDate(day), effective_date: trytonDate(day),
      incoming_moves: [['create', this.moves(PLACES.supplier, warehouse.inputId, lines)]],
    }, ['receive', 'done']);
  }

  /** A move between any two locations without a document, done. @returns its id. */
  async move(from: number, to: number, line: Line, day = today()): Promise<number> {
    const [id] = (await this.rpc.call<number[]>('model.stock.move.create', [this.moves(from, to, [line]).map((move) => ({ ...move, effective_date: trytonDate(day) }))])) as [number];
    await this.rpc.callWithConsent('model.stock.move.do', [[id]]);
    return id;
  }

  /** What lies in a location and everything below it, as Tryton itself reckons it; products without stock are left out. */
  async quantities(location: number): Promise<Map<number, number>> {
    const rows = await this.rpc.call<{ id: number; quantity: number }[]>(
      'model.product.product.search_read', [[['quantity', '!=', 0]], 0, null, null, ['quantity']], { locations: [location], stock_date_end: trytonDate('9999-12-31') });
    return new Map(rows.map(({ id, quantity }) => [id, quantity]));
  }

  private moves(from: number, to: number, lines: readonly Line[]): Record<string, unknown>[] {
    const priced = [from, to].some((place) => place === PLACES.supplier || place === PLACES.customer);
    return lines.map(({ product, quantity, uom = UNIT }) => ({
      product, quantity, uom, from_location: from, to_location: to, company: this.rpc.company, ...(priced ? { unit_price: trytonDecimal('1.00') } : {}),
    }));
  }

  private async document(model: string, values: Readonly<Record<string, unknown>>, steps: readonly string[]): Promise<number> {
    const [id] = (await this.rpc.call<number[]>(`model.${model}.create`, [[{ company: this.rpc.company, ...values }]])) as [number];
    for (const step of steps) await this.rpc.callWithConsent(`model.${model}.${step}`, [[id]]);
    return id;
  }

  private async partner(name: string): Promise<{ readonly party: number; readonly address: number }> {
    const [known] = await this.rpc.call<{ id: number; addresses: number[] }[]>('model.party.party.search_read', [[['name', '=', name]], 0, 1, null, ['addresses']]);
    if (known !== undefined) return { party: known.id, address: known.addresses[0] as number };
    await this.rpc.call('model.party.party.create', [[{ name, addresses: [['create', [{ street: '1 High Street' }]]] }]]);
    return this.partner(name);
  }
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
