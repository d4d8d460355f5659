/**
 * What a connector declares about itself. The manifest is data: the hub reads it and never runs it. Everything that
 * the hub must know without asking the connector stands here: how a webhook is verified, which hosts may be called,
 * which credentials exist and how they are attached.
 */
export interface Manifest {
  /** Stable, lower-case name of the connector, for example `shopify`. */
  readonly id: string;
  readonly publisher: string;
  /** What a person sees in the catalogue. */
  readonly name: string;
  /** Semantic version of this package. */
  readonly version: string;
  /** Major version of the contract that the connector is written against. */
  readonly contract: 1;
  readonly capabilities: Capabilities;
  /** JSON Schema 2020-12 of a connection's `config`; the hub validates a connection against it before it is stored. */
  readonly configSchema: Readonly<Record<string, unknown>>;
  /** The secrets that a connection needs. Their values stay in the hub; a connector never sees one. */
  readonly credentials: readonly CredentialField[];
  /** How the hub attaches credentials to the calls that the connector makes. */
  readonly auth: readonly AuthTemplate[];
  /** Hosts that may be called, `host[:port]`, templated from config: `{{config.shopDomain}}`. Nothing else is reachable. */
  readonly egress: readonly string[];
  /** Present when the outside system calls the hub. */
  readonly webhooks?: WebhookDeclaration;
}

export interface Capabilities {
  /** The connector turns deliveries into canonical events: it implements `parseWebhooks`. */
  readonly webhooks?: { readonly version: 1; readonly batchMax: number };
  /** The connector writes availability to a channel: it implements `publishInventory`. */
  readonly inventorySink?: InventorySinkCapability;
}

export interface InventorySinkCapability {
  readonly version: 1;
  /** Most items in one `publishInventory` call. */
  readonly batchMax: number;
  /** Which type of external reference names an item in this channel, for example `inventory-item`. */
  readonly itemReference: string;
  /** `native`: the outside system deduplicates by key. `emulated`: an absolute figure is written again harmlessly. */
  readonly idempotency: 'native' | 'emulated';
}

export interface CredentialField {
  readonly name: string;
  readonly title: string;
  readonly required: boolean;
}

/** Sets one header on each call to the hosts of `egress`; `{{credentials.x}}` is filled in by the hub's broker. */
export interface AuthTemplate {
  readonly type: 'header';
  readonly header: string;
  readonly value: string;
}

export interface WebhookDeclaration {
  readonly verification: WebhookVerification;
  /** Header whose value is the same for every delivery attempt of the same message. */
  readonly deliveryIdHeader: string;
  /** Header that names the topic; without it the topic is the last path segment of the webhook's address. */
  readonly topicHeader?: string;
  readonly topics: readonly string[];
}

/**
 * An HMAC over the raw body. `signedContent` is a template of `{{body}}`, `{{timestamp}}` and `{{deliveryId}}`, for example
 * `{{timestamp}}.{{body}}`. Several secrets are live at once while one is being rotated.
 */
export interface WebhookVerification {
  readonly scheme: 'hmac';
  readonly algorithm: 'sha256' | 'sha512' | 'sha1';
  readonly encoding: 'base64' | 'hex';
  readonly header: string;
  /** Text before the signature in the header's value, for example `sha256=`. */
  readonly prefix?: string;
  /** Default `{{body}}`. */
  readonly signedContent?: string;
  /** Name of the credential field that holds the secret. Without a stored secret every delivery is refused. */
  readonly secret: string;
  /** When the scheme signs a time: its header (Unix seconds) and how far it may lie from now. */
  readonly timestamp?: { readonly header: string; readonly toleranceSeconds: number };
}
