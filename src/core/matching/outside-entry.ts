import type { OutsideItem, OutsideLocation } from '@crossdock/connector-sdk';
import type { Likeness } from '../mapping/known-catalog.js';
import type { MappedEntity } from '../mapping/reference.js';

/** One thing that an outside system lists, as the hub keeps it. (connection, entity, type, external id) is its identity. */
export interface OutsideEntry extends Likeness {
  readonly entity: MappedEntity;
  /** The type of its external reference, as its connector names it. */
  readonly type: string;
  readonly externalId: string;
  readonly unit: string | null;
  readonly kind: string | null;
  readonly active: boolean;
}

export function itemEntry({ ref, name, sku, gtins = [], unit, active = true }: OutsideItem): OutsideEntry {
  return { entity: 'item', type: ref.type, externalId: ref.id, name, sku: sku ?? ref.sku ?? null, code: null, gtins, unit: unit ?? null, kind: null, active };
}

export function locationEntry({ ref, name, code, kind, active = true }: OutsideLocation): OutsideEntry {
  return { entity: 'location', type: ref.type, externalId: ref.id, name, sku: null, code: code ?? null, gtins: [], unit: null, kind: kind ?? null, active };
}
