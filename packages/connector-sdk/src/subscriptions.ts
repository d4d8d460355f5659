/** Asks the outside system to send webhooks to the hub: exactly these topics, to exactly this address. */
export interface SubscriptionRequest {
  /** Public address of the connection's webhooks, https, without a trailing slash: `https://hub.example/webhooks/main-shop`. */
  readonly address: string;
  /** The manifest's `webhooks.topics`. */
  readonly topics: readonly string[];
}

/** Exactly one answer a topic, in the same order. Asking again is harmless: what is right is `kept`. */
export type SubscriptionResult =
  | { readonly kind: 'created' }
  | { readonly kind: 'kept' }
  /** It led to an old address of this hub, or had been switched off, and was put right. */
  | { readonly kind: 'repaired'; readonly detail: string }
  | { readonly kind: 'rejected'; readonly code: string; readonly detail: string };
