import { type CallContext, ConnectorError } from '@crossdock/connector-sdk';
import type { TrytonConfig } from '../config.js';
import { Erp } from './erp.js';
import { readPlaces } from './read-places.js';

/**
 * Proves address, database, password, the rights to read, and what the configuration names, without changing anything. A missing right to
 * write shows itself at the first posting.
 *
 * @throws ConnectorError `auth_revoked`, `permission` or `config` where a person has to act, else `transient`.
 */
export async function checkHealth(ctx: CallContext<TrytonConfig>): Promise<{ detail: string }> {
  const erp = await Erp.open(ctx);
  const [company] = await erp.read<{ rec_name: string }[]>('model.company.company.read', [[erp.companyId], ['rec_name']]);
  const moves = await erp.read<number>('model.stock.move.search_count', [[['company', '=', erp.companyId], ['state', '=', 'done']]]);
  const { standaloneLocations, differencesLocation, elsewhereLocation, customerParty, supplierParty } = ctx.config;
  const places = await readPlaces(erp, [differencesLocation, elsewhereLocation].filter((id) => id !== undefined));
  for (const id of standaloneLocations) expectType('standaloneLocations', id, places.typeOf(id), ['storage']);
  if (differencesLocation !== undefined) expectType('differencesLocation', differencesLocation, places.typeOf(differencesLocation), ['lost_found']);
  if (elsewhereLocation !== undefined) expectType('elsewhereLocation', elsewhereLocation, places.typeOf(elsewhereLocation), ['storage', 'lost_found']);
  await expectParties(erp, [customerParty, supplierParty].filter((id) => id !== undefined));
  const names = places.all().map(({ place }) => places.row(place)?.name ?? String(place)).sort();
  return { detail: `${company?.rec_name ?? 'a company'}: ${names.length} places (${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''}), ${moves} done moves, time zone ${erp.timeZone}` };
}

function expectType(field: string, id: number, type: string, wanted: readonly string[]): void {
  if (!wanted.includes(type)) throw new ConnectorError('config', `${field}: location ${id} is ${type === 'unknown' ? 'not there' : `of type ${type}`}, not ${wanted.join(' or ')}`);
}

async function expectParties(erp: Erp, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  const found = new Set(await erp.read<number[]>('model.party.party.search', [[['id', 'in', ids]], 0, null, null]));
  const missing = ids.find((id) => !found.has(id));
  if (missing !== undefined) throw new ConnectorError('config', `there is no party ${missing}`);
}
