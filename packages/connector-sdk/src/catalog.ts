import type { ExternalRef } from './events.js';

export interface ListRequest {
  /** Where the last page ended, in the connector's own words; null for the first. */
  readonly cursor: string | null;
  /** Most entries that the page may hold. */
  readonly limit: number;
}

export interface ListPage<Entry> {
  readonly entries: readonly Entry[];
  /** Null after the last page; 1 to 8,192 characters otherwise. */
  readonly nextCursor: string | null;
}

/** An item as the outside system keeps it: what the hub proposes cross-references from. */
export interface OutsideItem {
  readonly ref: ExternalRef;
  readonly name: string;
  readonly sku?: string;
  /** GTIN-8, -12, -13 or -14, as written there. */
  readonly gtins?: readonly string[];
  /** The unit that the outside system counts it in, in its own words. */
  readonly unit?: string;
  /** False where it is archived or not sold any more. */
  readonly active?: boolean;
}

/** A place as the outside system keeps it. */
export interface OutsideLocation {
  readonly ref: ExternalRef;
  readonly name: string;
  /** The short name that people there use. */
  readonly code?: string;
  readonly kind?: 'warehouse' | 'store' | 'virtual' | 'other';
  readonly active?: boolean;
}
