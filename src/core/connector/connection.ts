import type { Manifest } from '@crossdock/connector-sdk';

/** How an item of the outside system is recognised: by a saved cross-reference, or by its stock-keeping unit as well. */
export type MatchItemsBy = 'reference' | 'sku';

/** One outside system that a retailer has connected: a plugin, its configuration and its switch. Never a secret. */
export interface Connection {
  /** Numbers the connection as a source of facts; API clients are numbered from the same sequence. */
  readonly sourceId: number;
  /** What people and addresses call it, for example `/webhooks/main-shop`. Never changes. */
  readonly id: string;
  readonly name: string;
  /** The id of its plugin. */
  readonly plugin: string;
  readonly manifest: Manifest;
  /** Validated against the manifest's `configSchema`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly enabled: boolean;
  readonly matchItemsBy: MatchItemsBy;
  /** An admin's grant: private, loopback and plain-http addresses may be called. Meant for systems on the premises. */
  readonly allowPrivateNetwork: boolean;
}
