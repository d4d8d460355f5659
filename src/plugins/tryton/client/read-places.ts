import { type LocationRow, Places } from '../mapping/places.js';
import type { Erp } from './erp.js';

export const LOCATION_FIELDS = ['name', 'code', 'type', 'parent', 'active', 'storage_location', 'input_location', 'output_location'] as const;
/** Deeper than any warehouse's tree of zones, aisles and bins; a longer chain would be a circle. */
const DEEPEST = 20;

/**
 * Reads the places of the ERP and its locations of differences, and what leads from the given locations up to them: never the whole tree, which has a leaf for each
 * bin of a large warehouse.
 */
export async function readPlaces(erp: Erp, locations: Iterable<number>): Promise<Places> {
  const { standaloneLocations } = erp.ctx.config;
  const roots = [['type', 'in', ['warehouse', 'lost_found']], ['active', 'in', [true, false]]];
  const rows = new Map((await erp.read<LocationRow[]>('model.stock.location.search_read', [roots, 0, null, null, LOCATION_FIELDS])).map((row) => [row.id, row]));
  let wanted = [...new Set([...locations, ...standaloneLocations])].filter((id) => !rows.has(id));
  for (let depth = 0; wanted.length > 0 && depth < DEEPEST; depth += 1) {
    const found = await erp.read<LocationRow[]>('model.stock.location.search_read', [[['id', 'in', wanted], ['active', 'in', [true, false]]], 0, null, null, LOCATION_FIELDS]);
    for (const row of found) rows.set(row.id, row);
    wanted = [...new Set(found.flatMap(({ parent }) => (parent === null || rows.has(parent) ? [] : [parent])))];
  }
  return new Places(rows.values(), standaloneLocations);
}
