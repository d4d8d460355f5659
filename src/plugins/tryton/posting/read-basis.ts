import { ConnectorError, type ExternalRef } from '@crossdock/connector-sdk';
import type { Erp } from '../client/erp.js';
import { readPlaces } from '../client/read-places.js';
import type { TrytonDecimal } from '../client/values.js';
import type { Places } from '../mapping/places.js';
import type { CustomerAccount, SupplierAccount } from './documents.js';

export interface ProductFacts {
  readonly id: number;
  readonly code: string | null;
  readonly active: boolean;
  readonly uom: number;
  readonly costPrice: TrytonDecimal;
}

/** What the ERP knows that documents are made from. */
export interface PostingBasis {
  readonly places: Places;
  readonly products: readonly ProductFacts[];
  readonly differences: number;
  readonly elsewhere: number;
  readonly customer: CustomerAccount | undefined;
  readonly supplier: SupplierAccount | undefined;
}

/** @throws ConnectorError config where the configuration names what is not there. */
export async function readBasis(erp: Erp, items: readonly ExternalRef[]): Promise<PostingBasis> {
  const { config } = erp.ctx;
  const places = await readPlaces(erp, []);
  const differences = config.differencesLocation ?? places.lostAndFound();
  if (differences === undefined) throw new ConnectorError('config', 'the database has no location of type Lost and Found');
  return {
    places,
    products: await readProducts(erp, items),
    differences,
    elsewhere: config.elsewhereLocation ?? differences,
    customer: config.customerParty === undefined ? undefined : await readCustomer(erp, config.customerParty),
    supplier: config.supplierParty === undefined ? undefined : await readSupplier(erp, config.supplierParty),
  };
}

/** Named by their numbers, or by their codes where the connection matches by SKU. Archived ones too: their last stock has to go somewhere. */
async function readProducts(erp: Erp, items: readonly ExternalRef[]): Promise<ProductFacts[]> {
  const named = (type: string): string[] => [...new Set(items.flatMap((item) => (item.type === type ? [item.id] : [])))];
  const names = ['OR', ['id', 'in', named('product').map(Number).filter(Number.isSafeInteger)], ['code', 'in', named('sku')]];
  const domain = [names, ['active', 'in', [true, false]], ['type', 'in', ['goods', 'assets']]];
  const rows = await erp.read<ProductRow[]>('model.product.product.search_read', [domain, 0, null, null, ['code', 'default_uom', 'cost_price', 'active']]);
  return rows.map((row) => ({ id: row.id, code: row.code, active: Boolean(row.active), uom: row.default_uom, costPrice: row.cost_price ?? { __class__: 'Decimal', decimal: '0' } }));
}

interface ProductRow {
  readonly id: number;
  readonly code: string | null;
  readonly active: boolean | number;
  readonly default_uom: number;
  readonly cost_price: TrytonDecimal | null;
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
