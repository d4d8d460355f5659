import type { ConnectionName } from '../directory/connection-name.js';

export const LOCATION_TYPES = ['store', 'warehouse', 'supplier', 'third_party', 'virtual'] as const;

export type LocationType = (typeof LOCATION_TYPES)[number];

/** A place where stock lies. */
export interface Location {
  /** Canonical id: given by the retailer, never changed. */
  readonly id: string;
  readonly name: string;
  readonly type: LocationType;
  /** The connection whose counts and adjustments are believed here; null lets every source count. */
  readonly owner: ConnectionName | null;
}
