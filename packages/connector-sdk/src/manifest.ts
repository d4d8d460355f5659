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
  /** The connector turns deliveries into canonical events: it implements `parseDeliveries`. */
  readonly webhooks?: { readonly version: 1; readonly batchMax: number };
  /** The connector writes availability to a channel: it implements `publishInventory`. */
  readonly inventorySink?: InventorySinkCapability;
  /** The hub polls the outside system: the connector implements `pollFeed`, and `parseDeliveries` for what it brings. */
  readonly sources?: SourcesCapability;
  /** The connector writes the ledger's movements into the outside system's books: it implements `postMovements`. */
  readonly movementSink?: MovementSinkCapability;
  /** The connector lists what the outside system knows: it implements `listItems` and `listLocations` as far as they are promised. */
  readonly catalogSource?: CatalogSourceCapability;
  /** The connector keeps webhook subscriptions right: it implements `subscribeWebhooks`. */
  readonly webhookSubscriptions?: { readonly version: 1 };
}

export interface SourcesCapability {
  readonly version: 1;
  /** Most records in one `parseDeliveries` call. */
  readonly batchMax: number;
  readonly feeds: readonly FeedDeclaration[];
}

export interface FeedDeclaration {
  /** Lower-case name, stable: the cursor is kept under it. */
  readonly name: string;
  /** What a person reads: 'Stock moves', say. */
  readonly title: string;
  /** Topics that the feed's records may have. */
  readonly topics: readonly string[];
  /** How often it is polled when it had nothing more; an administrator may set another pace for a connection. */
  readonly everySeconds: number;
  /** Most records in one page. */
  readonly limit: number;
}

export interface MovementSinkCapability {
  readonly version: 1;
  /** Most postings in one `postMovements` call. */
  readonly batchMax: number;
  /** Which type of external reference names an item, and a location, in this system. */
  readonly itemReference: string;
  readonly locationReference: string;
}

export interface CatalogSourceCapability {
  readonly version: 1;
  readonly items: boolean;
  readonly locations: boolean;
  /** Most entries in one page. */
  readonly limit: number;
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

export type AuthTemplate = HeaderAuth | SessionAuth;

/** Sets one header on each call to the hosts of `egress`; `{{credentials.x}}` is filled in by the hub's broker. */
export interface HeaderAuth {
  readonly type: 'header';
  readonly header: string;
  readonly value: string;
}

/**
 * The hub signs in with a request of its own, keeps what the answer gave, and sets one header on each later call. It signs in
 * anew when a call is answered 401, when the connector throws `auth_expired`, and after `lifetimeSeconds`; never twice
 * at the same time. The connector sees neither the credentials nor the session.
 */
export interface SessionAuth {
  readonly type: 'session';
  readonly login: SessionLogin;
  /** What is taken from the answer (status 200), by name: a header, or a JSON pointer into the body. All must be there, else the credentials are refused. */
  readonly session: Readonly<Record<string, { readonly header: string } | { readonly pointer: string }>>;
  /** The header that later calls get. */
  readonly header: string;
  /** Template of `{{session.x}}` and `{{credentials.x}}`. */
  readonly value: string;
  /** Applied to the filled `value`, before `prefix`. */
  readonly encoding?: 'base64';
  /** Put before the value, for example `Bearer `. */
  readonly prefix?: string;
  readonly lifetimeSeconds?: number;
}

export interface SessionLogin {
  readonly method: 'POST';
  /** Template of `{{config.x}}`; its host is one of `egress`. */
  readonly url: string;
  /** JSON; each text in it is a template of `{{credentials.x}}` and `{{config.x}}`. */
  readonly body: unknown;
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
