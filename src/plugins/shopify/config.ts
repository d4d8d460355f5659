/** A connection's `config` as the manifest's schema admits it. */
export interface ShopifyConfig {
  /** Origin of the shop, without a trailing slash. */
  readonly shopUrl: string;
  readonly apiVersion?: typeof API_VERSION;
  /** Where availability is published. Digits or a gid. */
  readonly locationId: string;
  /** Where facts that name no location are booked; default `locationId`. Digits or a gid. */
  readonly defaultLocationId?: string;
  readonly linesWithoutVariant?: 'ignore' | 'sku';
}

/** The GraphQL documents in `client/documents.ts` were validated against exactly this version's schema. */
export const API_VERSION = '2026-07';

/** Webhooks carry plain numbers and GraphQL carries gids; the hub's cross-references hold the number. */
export function numericId(idOrGid: string): string {
  return idOrGid.slice(idOrGid.lastIndexOf('/') + 1);
}

export function defaultLocationId(config: ShopifyConfig): string {
  return numericId(config.defaultLocationId ?? config.locationId);
}
