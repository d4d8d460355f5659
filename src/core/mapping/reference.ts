import type { Queryable } from '../persistence/database.js';

/** Longest type and longest external id, in characters. */
export const LONGEST_TYPE = 64;
export const LONGEST_EXTERNAL_ID = 256;

export type MappedEntity = 'item' | 'location';

/**
 * One outside name of one canonical thing, within one connection. An external id means exactly one canonical id. Of
 * the external ids of one type that mean the same canonical id, one is spoken (used when the hub calls out); the
 * others are aliases, understood only when they come in.
 */
export interface CrossReference {
  readonly entity: MappedEntity;
  /** The kind of id in the outside system, for example `variant`, `inventory-item`, `location`. */
  readonly type: string;
  readonly externalId: string;
  readonly canonical: string;
  readonly alias: boolean;
}

export type SaveReferenceOutcome =
  | { readonly status: 'created' | 'updated' | 'unchanged' }
  /** Nothing was changed by this entry; `holder` is the stored reference that stands in its way. */
  | { readonly status: 'conflict'; readonly reason: 'external-id-taken' | 'canonical-taken'; readonly holder: CrossReference };

/** What may now be resolvable that was not before. Told to listeners inside the transaction that saves it. */
export interface ReferencesSaved {
  /** Absent when it concerns every connection: an item was saved, whose SKU or id any of them may be waiting for. */
  readonly sourceId?: number;
  readonly entity: MappedEntity;
  /** For a saved item `{ type: 'sku', externalId: its SKU, canonical: its id }`; for a saved location its id twice. */
  readonly references: readonly { readonly type: string; readonly externalId: string; readonly canonical: string }[];
}

/** Runs in the saving transaction (and again when that is retried); what it returns runs after the commit. */
export type ReferencesSavedListener = (tx: Queryable, saved: ReferencesSaved) => Promise<(() => void) | void>;
