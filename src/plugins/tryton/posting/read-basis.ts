import { ConnectorError } from '@crossdock/connector-sdk';
import type { Erp } from '../client/erp.js';
import { readPlaces } from '../client/read-places.js';
import type { TrytonDecimal } from '../client/values.js';
import type { Places } from '../mapping/places.js';
import type { CustomerAccount, SupplierAccount } from './documents.js';

export interface ProductFacts {
  readonly uom: number;
  readonly costPrice: TrytonDecimal;
}

/** What the ERP knows that documents are made from. */
export interface PostingBasis {
  readonly places: Places;
  readonly products: ReadonlyMap<number, ProductFacts>;
  readonly differences: number;
  readonly elsewhere: number;
  readonly customer: CustomerAccount | undefined;
  readonly supplier: SupplierAccount | undefined;
}

/** @throws ConnectorError config where the configuration names what is not there. */
export async function readBasis(erp: Erp, productIds: Iterable<number>): Promise<PostingBasis> {
  const { config } = erp.ctx;
  const differences = config.differencesLocation ?? (await firstLostAndFound(erp));
  return {
    places: await readPlaces(erp, []),
    products: await readProducts(erp, [...new Set(productIds)]),
    differences,
    elsewhere: config.elsewhereLocation ?? differences,
    customer: config.customerParty === undefined ? undefined : await readCustomer(erp, config.customerParty),
    supplier: config.supplierParty === undefined ? undefined : await readSupplier(erp, config.supplierParty),
  };
}

async function firstLostAndFound(erp: Erp): Promise<number> {
  const [id] = await erp.read<number[]>('model.stock.location.search', [[['type', '=', 'lost_found']], 0, 1, [['id', 'ASC']]]);
  if (id === undefined) throw new ConnectorError('config', 'the database has no location of type Lost and Found');
  return id;
}

/** Archived products too: their last stock has to go somewhere. */
async function readProducts(erp: Erp, ids: readonly number[]): Promise<Map<number, ProductFacts>> {
  const domain = [['id', 'in', ids], ['active', 'in', [true, false]], ['type', 'in', ['goods', 'assets']]];
  const rows = await erp.read<{ id: number; default_uom: number; cost_price: TrytonDecimal | null }[]>('model.product.product.search_read', [domain, 0, null, null, ['default_uom', 'cost_price']]);
  return new Map(rows.map((row) => [row.id, { uom: row.default_uom, costPrice: row.cost_price ?? { __class__: 'Decimal', decimal: '0' } }]));
}

async function readCustomer(erp: Erp, id: number): Promise<CustomerAccount> {
  const [party] = await erp.read<{ customer_location: number | null; addresses: number[] }[]>('model.party.party.search_read', [[['id', '=', id]], 0, 1, null, ['customer_location', 'addresses']]);
  const [address] = party?.addresses ?? [];
  if (!party?.customer_location || address === undefined) throw new ConnectorError('config', `customerParty: party ${id} is not there, or has no address or no customer location`);
  return { party: id, location: party.customer_location, address };
}

async function readSupplier(erp: Erp, id: number): Promise<SupplierAccount> {
  const [party] = await erp.read<{ supplier_location: number | null }[]>('model.party.party.search_read', [[['id', '=', id]], 0, 1, null, ['supplier_location']]);
  if (!party?.supplier_location) throw new ConnectorError('config', `supplierParty: party ${id} is not there, or has no supplier location`);
  return { party: id, location: party.supplier_location };
}
